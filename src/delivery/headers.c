#include "hooktop/delivery/headers.h"
#include <stdlib.h>
#include <string.h>
#include "hooktop/delivery/egress.h"

#define BETWEEN ": "

static const char what[] = "header";

struct ht_seal_bind ht_headers_bind(const struct ht_uuid *tenant_id, const struct ht_uuid *endpoint_id)
{
    return (struct ht_seal_bind){
        .tenant_id = *tenant_id, .endpoint_id = *endpoint_id, .secret_id = *endpoint_id, .purpose = "header"};
}

static enum ht_rc write_lines(const struct ht_endpoint *e, struct ht_secret **ret, struct ht_err *err)
{
    size_t len = 0, at = 0;
    for (size_t i = 0; i < e->headers_len; i++) {
        if (e->headers[i].value == NULL) {
            return ht_fail(err, HT_USAGE, what, "give all headers with their values, or none", "'%s' has no value",
                           e->headers[i].name);
        }
        len += strlen(e->headers[i].name) + strlen(BETWEEN) + strlen(e->headers[i].value) + 1;
    }
    if (len > HT_SECRET_MAX) {
        return ht_fail(err, HT_USAGE, what, "use fewer or shorter ones", "together they are longer than %u bytes",
                       HT_SECRET_MAX);
    }
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    enum ht_rc rc = ht_secret_new_blank(len, &text, err);
    if (rc != HT_OK) {
        return rc;
    }
    for (size_t i = 0; i < e->headers_len; i++) {
        const char *parts[] = {e->headers[i].name, BETWEEN, e->headers[i].value, "\n"};
        for (size_t k = 0; k < HT_COUNT(parts); k++) {
            memcpy(ht_secret_fill_area(text) + at, parts[k], strlen(parts[k]));
            at += strlen(parts[k]);
        }
    }
    *ret = text;
    text = NULL;
    return HT_OK;
}

enum ht_rc ht_headers_seal(const struct ht_seal_key *to, struct ht_endpoint *e, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    enum ht_rc rc = write_lines(e, &text, err);
    if (rc != HT_OK) {
        return rc;
    }
    const struct ht_seal_bind bind = ht_headers_bind(&e->tenant_id, &e->id);
    size_t size = ht_secret_len(text) + HT_SEALED_OVERHEAD, len = 0;
    HT_AUTOFREE uint8_t *blob = ht_alloc(size, 1);
    rc = ht_seal(to, &bind, text, blob, size, &len, err);
    if (rc != HT_OK) {
        return rc;
    }
    free(e->headers_sealed);
    e->headers_sealed = blob;
    e->headers_sealed_len = len;
    blob = NULL;
    return HT_OK;
}

/* One line at `at`, of `len` bytes; false: it is none. */
static bool read_line(const char *at, size_t len, struct ht_header *ret)
{
    const char *between = memmem(at, len, BETWEEN, strlen(BETWEEN));
    if (between == NULL) {
        return false;
    }
    size_t name_len = (size_t)(between - at), value_at = name_len + strlen(BETWEEN);
    ret->name = ht_strndup(at, name_len);
    ret->value = ht_strndup(at + value_at, len - value_at);
    return ht_egress_check_header(ret->name, ret->value, NULL) == HT_OK;
}

static bool read_lines(const struct ht_secret *text, struct ht_endpoint *e)
{
    const char *at = (const char *)ht_secret_bytes(text), *end = at + ht_secret_len(text);
    while (at < end) {
        const char *eol = memchr(at, '\n', (size_t)(end - at));
        if (eol == NULL || e->headers_len == HT_HEADERS_MAX ||
            !read_line(at, (size_t)(eol - at), &e->headers[e->headers_len++])) {
            return false;
        }
        at = eol + 1;
    }
    return true;
}

enum ht_rc ht_headers_open(const struct ht_ring *ring, struct ht_endpoint *e, struct ht_err *err)
{
    if (e->headers_sealed == NULL && e->headers_len == 0) {
        return HT_OK;
    }
    if (e->headers_sealed == NULL) {
        return ht_fail(err, HT_FAILED, what, "set them anew: hooktop endpoint edit --header",
                       "the endpoint's own headers have names, but their sealed values are gone");
    }
    if (ring == NULL) {
        return ht_fail(err, HT_DENIED, what, "do it where the key ring is readable",
                       "the endpoint's own headers are sealed, and there is no key ring here");
    }
    HT_SECRET_CLEANUP struct ht_secret *text = NULL;
    const struct ht_seal_bind bind = ht_headers_bind(&e->tenant_id, &e->id);
    enum ht_rc rc = ht_unseal(ring, &bind, e->headers_sealed, e->headers_sealed_len, &text, err);
    if (rc != HT_OK) {
        return rc;
    }
    while (e->headers_len > 0) {
        ht_header_fini(&e->headers[--e->headers_len]);
    }
    if (read_lines(text, e)) {
        return HT_OK;
    }
    return ht_fail(err, HT_FAILED, what, "set them anew: hooktop endpoint edit --header",
                   "what was sealed as the endpoint's own headers are none");
}
