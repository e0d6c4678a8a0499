/* Plaintext secrets: the one type that may hold them.
 *
 * The bytes lie in OpenSSL's secure heap: locked in memory, left out of dumps, guarded, wiped when freed. There is no
 * function that prints, logs or copies them into an ordinary buffer; the few places that must hand them to another
 * library (HMAC, RSA, the terminal's one reveal, a 0600 file) take ht_secret_bytes() and keep no copy.
 *
 * Order of calls: ht_secret_init_process() once at the start of main, before any thread; then the rest, any thread,
 * each object used by one thread at a time. Errors: only ht_secret_new* can fail, with HT_FAILED when the secure heap
 * is full. Rule: docs/security.md, "Secrets in memory".
 */
#ifndef HOOKTOP_BASE_SECRET_H
#define HOOKTOP_BASE_SECRET_H

#include <stdint.h>
#include "hooktop/base/err.h"

struct ht_secret; /* opaque on purpose: no accidental copy, no accidental printf */

#define HT_SECRET_MAX 8192u /* bytes; an RSA-4096 key in PEM has 3272 */

/* Makes the process undumpable (PR_SET_DUMPABLE 0, RLIMIT_CORE 0, no new privileges) and sets up the secure heap
 * (4 MiB: 512 unsealed keys in use). Returns false when the heap could not be locked: secrets are then still wiped
 * but may reach swap, which the caller reports. */
bool ht_secret_init_process(void);

HT_MUST_CHECK enum ht_rc ht_secret_new(const void *bytes, size_t len, struct ht_secret **ret, struct ht_err *err);
/* `len` random bytes from the private generator. */
HT_MUST_CHECK enum ht_rc ht_secret_new_random(size_t len, struct ht_secret **ret, struct ht_err *err);
/* An empty one of `len` zero bytes, to be filled through ht_secret_fill_area(). */
HT_MUST_CHECK enum ht_rc ht_secret_new_blank(size_t len, struct ht_secret **ret, struct ht_err *err);
void ht_secret_free(struct ht_secret *s); /* wipes; NULL is fine */
void ht_secret_freep(struct ht_secret **s);
#define HT_SECRET_CLEANUP HT_CLEANUP(ht_secret_freep)

const uint8_t *ht_secret_bytes(const struct ht_secret *s); /* borrowed until ht_secret_free */
uint8_t *ht_secret_fill_area(struct ht_secret *s);
size_t ht_secret_len(const struct ht_secret *s);
void ht_secret_truncate(struct ht_secret *s, size_t len); /* len <= current; wipes the rest */
/* Constant-time comparison. */
bool ht_secret_equal(const struct ht_secret *a, const struct ht_secret *b);

/* Wipes memory that held something confidential (OPENSSL_cleanse). */
void ht_wipe(void *p, size_t len);
/* Random bytes for ids and nonces; aborts when the generator fails. */
void ht_random(void *ret, size_t len);
/* Constant-time comparison of plain bytes (signatures). */
bool ht_equal_ct(const void *a, const void *b, size_t len);

#endif
