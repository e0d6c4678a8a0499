/* How many signed requests a second the sending half can do alone: the engine's own exchanges and poller, a body and a
 * signature for each, no database. Prints one number. */
#include <stdio.h>
#include <stdlib.h>
#include "../../src/delivery/exchange.h"
#include "../../src/delivery/poller.h"
#include "bench.h"
#include "hooktop/base/clock.h"

struct sender {
    const char *url;
    const struct ht_profile *profile;
    struct ht_signer *signer;
    struct ht_event event;
    struct ht_poller *poller;
    int64_t wanted;
    int64_t started;
    int64_t done;
};

static void start(struct sender *s, struct ht_exchange *x, uint64_t shard)
{
    struct ht_wire_headers wire = {0};
    char event_id[64], id[HT_UUID_TEXT];
    s->event.id = ht_uuid_new();
    ht_uuid_format(&s->event.id, id);
    ht_profile_event_id(s->profile, &s->event.id, event_id);
    ht_exchange_begin(x);
    BENCH_OK(s->profile->body(&s->event, 1, &x->body, &err));
    const struct ht_sign_input in = {.type = s->event.type,
                                     .event_id = event_id,
                                     .timestamp_s = ht_wall_us() / 1000000,
                                     .body = x->body.data,
                                     .body_len = x->body.len};
    BENCH_OK(s->profile->sign(&in, &s->signer, 1, &wire, &err));
    ht_exchange_header(x, "Content-Type", "application/json");
    ht_exchange_wire_headers(x, &wire);
    ht_exchange_header(x, "X-Hooktop-Delivery", id);
    ht_exchange_header(x, "X-Hooktop-Attempt", "1");
    BENCH_OK(ht_exchange_prepare(x, s->url, 10000, &err));
    x->owner = s;
    s->started++;
    if (!ht_poller_start(s->poller, x, shard)) {
        bench_die("libcurl does not take the transfer");
    }
}

static void ended(void *user, struct ht_exchange *x)
{
    struct sender *s = user;
    struct ht_attempt a = {0};
    ht_exchange_finish(x, &a);
    if (a.error != HT_ATTEMPT_NONE) {
        bench_die(a.error_detail ? a.error_detail : "a request failed");
    }
    ht_attempt_fini(&a);
    s->done++;
    if (s->started < s->wanted) {
        start(s, x, (uint64_t)s->started);
    }
}

static void make_signer(struct sender *s)
{
    struct ht_secret *secret = NULL;
    char *public_key = NULL;
    BENCH_OK(ht_profile_new_key(s->profile, &secret, &public_key, &err));
    BENCH_OK(ht_signer_new(s->profile->key_kind, secret, &s->signer, &err));
    ht_secret_free(secret);
    free(public_key);
}

int bench_http(int argc, char **argv)
{
    (void)argc;
    static char data[480], type[] = "claim.created";
    int32_t in_flight = atoi(argv[2]);
    struct ht_egress egress;
    struct ht_guard guard;
    struct sender s = {.url = argv[0], .profile = ht_profile_find("standard"), .wanted = atoll(argv[1])};
    const struct ht_poller_callbacks cb = {.done = ended, .user = &s};
    int len = snprintf(data, sizeof data, "{\"claim\":{\"id\":\"c0ffee\",\"note\":\"%0400d\"}}", 0);
    s.event = (struct ht_event){.type = type, .data = data, .data_len = (size_t)len, .created_at = ht_wall_us()};
    ht_egress_init(&egress);
    BENCH_OK(ht_egress_set(&egress, "http", "yes", &err));
    BENCH_OK(ht_egress_set(&egress, "allow", "127.0.0.1/32:1-65535", &err));
    ht_guard_init(&guard, &egress);
    BENCH_OK(ht_exchange_global(&err));
    BENCH_OK(ht_poller_new(in_flight, &guard, &cb, &s.poller, &err));
    make_signer(&s);
    struct ht_exchange *x = ht_alloc((size_t)in_flight, sizeof *x);
    int64_t at = ht_mono_us();
    for (int32_t i = 0; i < in_flight; i++) {
        ht_exchange_init(&x[i]);
        start(&s, &x[i], (uint64_t)i);
    }
    while (s.done < s.wanted) {
        ht_poller_step(s.poller, ht_mono_us() + 1000000);
    }
    printf("%lld\n", (long long)(s.done * 1000000 / (ht_mono_us() - at)));
    for (int32_t i = 0; i < in_flight; i++) {
        ht_exchange_fini(&x[i]);
    }
    ht_poller_free(s.poller);
    ht_signer_free(s.signer);
    free(x);
    return 0;
}
