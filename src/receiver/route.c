#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"

struct ht_rx_route *ht_rx_route_new(const char *path)
{
    struct ht_rx_route *r = ht_alloc(1, sizeof(*r));
    r->path = ht_strdup(path);
    return r;
}

static void drop_settings(struct ht_rx_route *r)
{
    for (size_t i = 0; i < r->keys_len; i++) {
        ht_secret_free(r->owned[i].secret);
        free(r->owned[i].public_key);
    }
    free(r->owned);
    free(r->keys);
    free(r->keys_fault);
    free(r->text);
    r->owned = NULL;
    r->keys = NULL;
    r->keys_len = 0;
    r->keys_fault = NULL;
    r->text = NULL;
}

static void copy_key(struct ht_rx_route *r, const struct ht_verify_key *from, struct ht_rx_key *ret)
{
    struct ht_err err = {0};
    if (from->secret != NULL &&
        ht_secret_new(ht_secret_bytes(from->secret), ht_secret_len(from->secret), &ret->secret, &err) != HT_OK &&
        r->keys_fault == NULL)
        r->keys_fault = ht_strdup(err.why);
    ret->public_key = from->public_key == NULL ? NULL : ht_strdup(from->public_key);
}

void ht_rx_route_set(struct ht_rx_route *r, const struct ht_route *to)
{
    drop_settings(r);
    r->profile = to->profile;
    r->keys = ht_alloc(to->keys_len + 1, sizeof(*r->keys));
    r->owned = ht_alloc(to->keys_len + 1, sizeof(*r->owned));
    r->keys_len = to->keys_len;
    for (size_t i = 0; i < to->keys_len; i++) {
        copy_key(r, &to->keys[i], &r->owned[i]);
        r->keys[i] = (struct ht_verify_key){.secret = r->owned[i].secret, .public_key = r->owned[i].public_key};
    }
    r->answer = to->answer;
    r->arg = to->arg;
    r->text = to->text == NULL ? NULL : ht_strdup(to->text);
}

void ht_rx_route_free(struct ht_rx_route *r)
{
    if (r == NULL)
        return;
    drop_settings(r);
    free(r->path);
    free(r);
}

bool ht_rx_route_judge(const struct ht_rx_route *r, const struct ht_rx_request *q, const char *body, int *ret_key,
                       char why[256])
{
    if (r->profile == NULL)
        return true;
    if (r->keys_fault != NULL) {
        snprintf(why, 256, "the receiver could not keep its keys: %s", r->keys_fault);
        return false;
    }
    const struct ht_received got = {.headers = q->headers,
                                    .headers_len = q->headers_len,
                                    .body = body,
                                    .body_len = q->body_len,
                                    .now_s = ht_wall_us() / 1000000};
    struct ht_verdict verdict = {0};
    struct ht_err err = {0};
    if (r->profile->verify(&got, r->keys, r->keys_len, &verdict, &err) != HT_OK) {
        ht_err_line(&err, why, 256);
        return false;
    }
    if (!verdict.ok)
        snprintf(why, 256, "%s", verdict.why);
    *ret_key = verdict.key_index;
    return verdict.ok;
}
