/* What the vendors' files share: putting bodies and headers together, signing over parts, judging as a receiver would.
 * Private to src/profile. */
#ifndef HOOKTOP_SRC_PROFILE_WIRE_H
#define HOOKTOP_SRC_PROFILE_WIRE_H

#include "hooktop/profile/profile.h"

extern const struct ht_profile ht_profile_instaclaim;
extern const struct ht_profile ht_profile_claimport;
extern const struct ht_profile ht_profile_instnt;
extern const struct ht_profile ht_profile_claimable;
extern const struct ht_profile ht_profile_standard;

#define HT_INSTACLAIM_TYPES 16u
extern const struct ht_catalogue_type ht_instaclaim_types[HT_INSTACLAIM_TYPES];

/* Where a vendor states no schedule: the Standard Webhooks example, delays after each failure. */
extern const int32_t ht_default_schedule_s[];
#define HT_DEFAULT_SCHEDULE_LEN 9u
#define HT_DEFAULT_TIMEOUT_MS   15000
#define HT_DEFAULT_TOLERANCE_S  300
#define HT_OWN_USER_AGENT       "hooktop/" HT_VERSION
#define HT_TEST_TYPE            "webhook.test"
#define HT_MAC_BYTES            32u
#define HT_SIGNATURE_BYTES      512u /* RSA-4096 */
#define HT_SIGNATURES_MAX       8u   /* read from one header; a sender has HT_SECRETS_LIVE_MAX at most */

/* bodies (wire.c) -------------------------------------------------------------------------------------------------- */
/* "2026-11-20T14:02:58Z": RFC 3339 without a fraction, as the vendors' examples have it. */
void ht_wire_seconds(int64_t us, char ret_text[32]);
/* Checks that a body may be built: the version is known. */
HT_MUST_CHECK enum ht_rc ht_wire_version(int version, struct ht_err *err);
/* HT_FAILED when the buffer was too small. */
HT_MUST_CHECK enum ht_rc ht_wire_built(const struct ht_buf *out, struct ht_err *err);
/* The one check_data of profiles whose data is any JSON value, or must be an object. */
HT_MUST_CHECK enum ht_rc ht_wire_any_json(const char *data, size_t len, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_wire_object(const char *data, size_t len, struct ht_err *err);
/* An object with exactly one member: `{"claim": …}`. */
HT_MUST_CHECK enum ht_rc ht_wire_one_member(const char *data, size_t len, struct ht_err *err);
/* Finds the outer braces of valid JSON text with exactly one member, without parsing it into nodes: *ret_inner is what
 * stands between them. HT_FAILED for any other shape. */
HT_MUST_CHECK enum ht_rc ht_wire_inner(const char *data, size_t len, const char **ret_inner, size_t *ret_len,
                                       struct ht_err *err);

/* headers (wire.c) ------------------------------------------------------------------------------------------------- */
void ht_wire_header(struct ht_wire_headers *out, const char *name, const char *value);
/* Appends to the value of the last header. */
void ht_wire_header_more(struct ht_wire_headers *out, const char *text);

/* signing (signer.c) ----------------------------------------------------------------------------------------------- */
struct ht_part {
    const void *bytes;
    size_t len;
};
#define HT_PART(literal) ((struct ht_part){(literal), sizeof(literal) - 1})

enum ht_key_kind ht_signer_kind(const struct ht_signer *s);
/* Signs the parts as if they stood one after the other. RSA: PKCS#1 v1.5 with SHA-256. */
HT_MUST_CHECK enum ht_rc ht_signer_sign(struct ht_signer *s, const struct ht_part *parts, size_t n,
                                        uint8_t ret[HT_SIGNATURE_BYTES], size_t *ret_len, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_wire_needs_signer(size_t n, struct ht_err *err);

/* keys (key.c) ----------------------------------------------------------------------------------------------------- */
struct evp_pkey_st;
bool ht_key_has_prefix(const struct ht_secret *s, const char *prefix);
/* The bytes that an HMAC is keyed with: the text itself, or what is base64 after an optional "whsec_". */
HT_MUST_CHECK enum ht_rc ht_key_hmac(enum ht_key_kind kind, const struct ht_secret *s, struct ht_secret **ret,
                                     struct ht_err *err);
/* Free with EVP_PKEY_free. */
HT_MUST_CHECK enum ht_rc ht_key_rsa_private(const struct ht_secret *s, struct evp_pkey_st **ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_key_rsa_public(const char *pem, size_t len, struct evp_pkey_st **ret, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_key_ed25519_private(const struct ht_secret *s, struct evp_pkey_st **ret,
                                                struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_key_ed25519_public(const char *whpk, size_t len, struct evp_pkey_st **ret,
                                               struct ht_err *err);

/* judging as a receiver (verify.c) -----------------------------------------------------------------------------------
 */
/* The value of a header by its name, case ignored; NULL with words in `v` when it is missing or there more than once.
 */
const char *ht_judge_header(const struct ht_received *r, const char *name, struct ht_verdict *v);
bool ht_judge_has_header(const struct ht_received *r, const char *name);
void ht_judge_refuse(struct ht_verdict *v, const char *fmt, ...) HT_PRINTF(2, 3);
/* Decimal seconds since 1970. */
bool ht_judge_seconds(const char *value, const char *name, int64_t *ret, struct ht_verdict *v);
/* Takes ok back when the timestamp is too old or lies ahead. */
void ht_judge_age(const struct ht_received *r, int64_t timestamp_s, int32_t profile_tolerance_s, struct ht_verdict *v);

struct ht_mac_claim {
    enum ht_key_kind kind;
    const struct ht_verify_key *keys;
    size_t n_keys;
    struct ht_part parts[5]; /* the last one is the body */
    size_t n_parts;
    uint8_t macs[HT_SIGNATURES_MAX][HT_MAC_BYTES];
    size_t n_macs;
};
/* Which key made one of the MACs; else words, with a hint when a usual mistake explains the difference. */
HT_MUST_CHECK enum ht_rc ht_judge_mac(const struct ht_mac_claim *c, struct ht_verdict *v, struct ht_err *err);
/* 64 lower-case hexadecimal digits and nothing else. */
bool ht_judge_mac_hex(const char *hex, uint8_t ret[HT_MAC_BYTES]);
/* A key's public half as text, wherever the caller put it. False: there is none. */
bool ht_judge_public_text(const struct ht_verify_key *k, const char **ret, size_t *ret_len);
void ht_judge_matched(struct ht_verdict *v, size_t key, size_t n_keys);

/* Standard Webhooks' headers, which claimable borrows (standard.c). */
extern const struct ht_sign_scheme ht_standard_scheme;
HT_MUST_CHECK enum ht_rc ht_standard_sign(const struct ht_sign_input *in, struct ht_signer *const *signers, size_t n,
                                          struct ht_wire_headers *out, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_standard_verify(const struct ht_received *r, const struct ht_verify_key *keys, size_t n,
                                            struct ht_verdict *ret, struct ht_err *err);

#endif
