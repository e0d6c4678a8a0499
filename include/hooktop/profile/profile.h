/* The five wire contracts: what each vendor's receivers expect of a request, and how they verify it.
 *
 * A profile is one constant table (one .c file per vendor, registered in src/profile/registry.c). It fixes the event
 * catalogue with payload contracts, the body, the headers and the signature, the test ping, what counts as success, the
 * time limit, the retry schedule and when an endpoint is disabled. Facts and choices: docs/contracts.md.
 *
 * A body is a pure function of stored bytes and the body version: every attempt of a delivery sends the same bytes.
 * Signing uses prepared keys (struct ht_signer), so that a key is parsed once and used for many requests.
 * Nothing here blocks or keeps state; a signer is used by one thread at a time.
 */
#ifndef HOOKTOP_PROFILE_PROFILE_H
#define HOOKTOP_PROFILE_PROFILE_H

#include "hooktop/base/buf.h"
#include "hooktop/base/secret.h"
#include "hooktop/model/records.h"

enum ht_key_kind {
    HT_KEY_HMAC_TEXT,  /* HMAC-SHA256; the key is the secret's characters as shown, prefix included */
    HT_KEY_HMAC_WHSEC, /* HMAC-SHA256; "whsec_" + base64, the key is the decoded bytes */
    HT_KEY_RSA,        /* RSA-2048 or more, PEM; belongs to the tenant */
    HT_KEY_ED25519,    /* "whsk_" / "whpk_" + base64; belongs to the endpoint */
};

struct ht_catalogue_type {
    const char *name;
    enum ht_type_state state;
    const char *description;
    /* The subset of JSON Schema that hooktop.check_contract() knows: type, required, properties, maxProperties, enum,
     * const, nullable, format (uuid, date, date-time, email). NULL: any JSON value. */
    const char *contract;
    const char *sample; /* data that meets the contract, as given to emit; of a test type: the body that a ping sends */
};

#define HT_BODY_VERSION 1
#define HT_BODY_MAX     (HT_EVENT_DATA_MAX + 64u * 1024u) /* a ceiling for the buffer that a body is built in */

struct ht_wire_header {
    char name[64];
    char value[1024];
};
#define HT_WIRE_HEADERS_MAX 8
struct ht_wire_headers {
    size_t n;
    struct ht_wire_header h[HT_WIRE_HEADERS_MAX];
};

/* A signing key made ready (parsed, decoded). Keeps what it needs in the secure heap, a shared secret's text nowhere.
 * `kind` is the profile's key_kind; a "whsk_" secret where "whsec_" ones are usual makes an Ed25519 signer. HT_USAGE:
 * the secret is no such key. */
struct ht_signer;
HT_MUST_CHECK enum ht_rc ht_signer_new(enum ht_key_kind kind, const struct ht_secret *secret, struct ht_signer **ret,
                                       struct ht_err *err);
void ht_signer_free(struct ht_signer *s);

struct ht_sign_input {
    const char *type;
    const char *event_id; /* as the profile writes it on the wire: ht_profile_event_id() */
    int64_t timestamp_s;  /* of this attempt, by the database's clock */
    const char *body;
    size_t body_len;
    bool ping;
};

struct ht_ping_subject {
    struct ht_uuid tenant_id;
    struct ht_uuid endpoint_id;
    const char *endpoint_status;
    struct ht_uuid ping_id; /* a fresh UUID */
    int64_t now_us;         /* the database's time */
};

/* What a receiver got, for verification. */
struct ht_received {
    const struct ht_header *headers;
    size_t headers_len;
    const char *body;
    size_t body_len;
    int64_t now_s;
    int32_t tolerance_s; /* how far the timestamp may be from now_s: 0 = the profile's, negative = any */
};
/* A key as a receiver holds it: the shared secret, or the public half as PEM / "whpk_". */
struct ht_verify_key {
    const struct ht_secret *secret;
    const char *public_key;
};
struct ht_verdict {
    bool ok;
    int key_index; /* which of the keys given matched; -1: none, or an unsigned test ping */
    char why[256]; /* in words a receiver's developer understands: what is missing, malformed or different */
};

/* How a signature of the profile is made, for whoever has to check one. */
struct ht_sign_scheme {
    const char *algorithm;
    const char *key;
    const char *recipe;
    const char *form;
    const char *headers;   /* names that carry it, joined by LF, the signature's last */
    const char *before[2]; /* headers whose values stand before the body, each followed by a full stop */
    const char *timestamp; /* header with the seconds since 1970; NULL: none */
    bool hashed;           /* the body's SHA-256 is signed in its place */
};

struct ht_profile {
    const char *name;
    const char *title;   /* "InstaClaim" */
    const char *summary; /* one line for lists */
    const struct ht_catalogue_type *types;
    size_t types_len;
    bool open_catalogue; /* standard: any type name may be emitted */
    enum ht_key_kind key_kind;
    bool key_per_tenant;  /* instnt */
    bool multi_signature; /* rotation overlaps; else it is staged */
    bool ping_signed;
    bool needs_verification;     /* claimport: a new endpoint is unverified until a ping is answered */
    int32_t success_ping_status; /* exactly this status makes a ping a success; 0: any 2xx */
    bool source_filter;          /* claimable */
    bool workflows;              /* instnt */
    int32_t timeout_ms;
    const int32_t *schedule_s; /* delays after the first, second, ... failure; attempts = schedule_len + 1 */
    size_t schedule_len;
    int32_t disable_after_failures; /* of one delivery; 0: only the five days rule */
    const struct ht_sign_scheme *scheme;
    const char *user_agent;
    const char *event_id_prefix; /* before 32 hexadecimal digits; NULL: the plain UUID */
    int32_t tolerance_s;         /* the age of a timestamp that a receiver should accept; 0: there is none to check */

    HT_MUST_CHECK enum ht_rc (*check_data)(const char *data, size_t len, struct ht_err *err); /* shape emit demands */
    /* Appends the body; `data` is placed as its bytes stand. HT_FAILED: unknown version, wrong shape, or *out is full.
     */
    HT_MUST_CHECK enum ht_rc (*body)(const struct ht_event *e, int version, struct ht_buf *out, struct ht_err *err);
    HT_MUST_CHECK enum ht_rc (*ping_body)(const struct ht_ping_subject *s, struct ht_buf *out, struct ht_err *err);
    /* Fills *out with every header of the profile, User-Agent included; Content-Type, the X-Hooktop- ones and the
     * endpoint's own are the sender's. Signers: the current one first; a profile without multi_signature signs with the
     * first only, an unsigned ping takes none. After a failure *out is not to be used. */
    HT_MUST_CHECK enum ht_rc (*sign)(const struct ht_sign_input *in, struct ht_signer *const *signers, size_t n,
                                     struct ht_wire_headers *out, struct ht_err *err);
    /* Judges by the profile's rules, pings included. What a sender did wrong is the verdict; the call fails (HT_USAGE)
     * only when the keys given are none. Keys of both forms may be mixed; an HMAC key needs `secret`. */
    HT_MUST_CHECK enum ht_rc (*verify)(const struct ht_received *r, const struct ht_verify_key *keys, size_t n,
                                       struct ht_verdict *ret, struct ht_err *err);
};

extern const struct ht_profile *const ht_profiles[];
extern const size_t ht_profiles_len;
const struct ht_profile *ht_profile_find(const char *name); /* NULL: unknown */

/* All profiles' catalogues as rows for the store's setup; ht_event_types_fini() frees them. */
void ht_profile_catalogue(struct ht_event_types *ret);

/* What a secret of this profile is sealed for (ht_seal_bind.purpose): "hmac" or "rsa". It follows from the profile, not
 * from the secret, because whoever unseals knows the profile before the secret. */
const char *ht_profile_seal_purpose(const struct ht_profile *p);

/* The event's id as it stands on the wire of this profile ("evt_" + 32 hex digits, or the UUID). ret: 64 bytes. */
void ht_profile_event_id(const struct ht_profile *p, const struct ht_uuid *id, char ret[64]);

/* What the signature of a request is over: `headers` are its "Name: value" lines as stored, NULL: not sent. */
void ht_profile_explain(const struct ht_profile *p, const char *headers, const char *body, size_t len,
                        struct ht_signature *ret);

/* Makes a new shared secret as the profile shows it ("whsec_" + base64 of 32 random bytes), or a new private key:
 * PEM for RSA with its public half in *ret_public (free()), NULL for shared secrets. RSA takes some 100 ms. */
HT_MUST_CHECK enum ht_rc ht_profile_new_key(const struct ht_profile *p, struct ht_secret **ret, char **ret_public,
                                            struct ht_err *err);
/* Checks a secret that a user brings (--secret-file). */
HT_MUST_CHECK enum ht_rc ht_profile_check_key(const struct ht_profile *p, const struct ht_secret *s,
                                              struct ht_err *err);
/* Whether it is a private key whose public half can be shown; else it is shared with the receiver. */
bool ht_profile_has_public(const struct ht_profile *p, const struct ht_secret *s);
/* The public half of a private key, as PEM or "whpk_"; free(). */
HT_MUST_CHECK enum ht_rc ht_profile_public_key(const struct ht_profile *p, const struct ht_secret *s, char **ret,
                                               struct ht_err *err);

#endif
