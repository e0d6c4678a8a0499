/* Golden files of tests/unit/vectors (made by openssl, see make.sh there) and short ways to use a profile in tests.
 * Every failure ends the test. Memory lives until the program ends, but for what has a free of its own. */
#ifndef HOOKTOP_TESTS_PROFILE_VECTORS_H
#define HOOKTOP_TESTS_PROFILE_VECTORS_H

#include "hooktop/profile/profile.h"

#define VECTOR_TIME_US INT64_C(1795183378440000) /* 2026-11-20T14:02:58.440Z */
#define VECTOR_TIME_S  INT64_C(1795183378)
#define VECTOR_EVENT   "0193480d-5a78-7cc2-b1f4-a3d2e1f0a9b8"

struct bytes {
    const char *data; /* followed by a NUL */
    size_t len;
};
struct bytes vector_file(const char *name);
/* The value of a line "name value" in signatures.txt. */
const char *vector(const char *name);
/* A text made like printf does. */
const char *text_of(const char *fmt, ...) HT_PRINTF(1, 2);

struct ht_uuid uuid_of(const char *text);
struct ht_secret *secret_of(const char *text);                        /* ht_secret_free */
struct ht_signer *signer_of(enum ht_key_kind kind, const char *text); /* ht_signer_free */

/* A request as a receiver gets it, made from headers that a profile wrote. */
struct request {
    struct ht_wire_headers wire;
    struct bytes body;
};
/* Signs `body` with the keys given (NULL-terminated), for the vectors' event and time. */
struct request signed_request(const struct ht_profile *p, const char *type, struct bytes body, bool ping,
                              const char *const *keys);
/* What the receiver says at that time, holding these keys (NULL-terminated). */
struct ht_verdict judged(const struct ht_profile *p, const struct request *r, const char *const *keys);
struct ht_verdict judged_at(const struct ht_profile *p, const struct request *r, const char *const *keys, int64_t now_s,
                            int32_t tolerance_s);
/* The value of a header; NULL: not there. */
char *header_of(struct request *r, const char *name);

#endif
