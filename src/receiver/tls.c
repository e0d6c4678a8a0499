#include "internal.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S 86400L

/* How each mode's certificate differs. */
static const struct look {
    const char *names; /* subjectAltName */
    bool self_signed;
    long from_s; /* validity, from now */
    long to_s;
    int version_max; /* 0 = the newest */
} looks[] = {
    [HT_RECEIVER_TLS] = {"IP:127.0.0.1,DNS:localhost", false, -DAY_S, DAY_S, 0},
    [HT_RECEIVER_TLS_SELF_SIGNED] = {"IP:127.0.0.1,DNS:localhost", true, -DAY_S, DAY_S, 0},
    [HT_RECEIVER_TLS_EXPIRED] = {"IP:127.0.0.1,DNS:localhost", false, -2 * DAY_S, -DAY_S, 0},
    [HT_RECEIVER_TLS_WRONG_HOST] = {"DNS:other.example", false, -DAY_S, DAY_S, 0},
    [HT_RECEIVER_TLS_OLD] = {"IP:127.0.0.1,DNS:localhost", false, -DAY_S, DAY_S, TLS1_1_VERSION},
};

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool done = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return done;
}

/* `issuer` NULL: signed by itself. `names` NULL: an authority's. NULL on failure. */
static X509 *make_cert(EVP_PKEY *key, const char *common_name, const char *names, long from_s, long to_s, X509 *issuer,
                       EVP_PKEY *issuer_key)
{
    X509 *cert = X509_new();
    if (cert == NULL)
        return NULL;
    if (issuer == NULL)
        issuer = cert;
    X509_NAME *subject = X509_get_subject_name(cert);
    bool done =
        X509_set_version(cert, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(cert), names == NULL ? 1 : 2) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(cert), from_s) != NULL &&
        X509_gmtime_adj(X509_getm_notAfter(cert), to_s) != NULL &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) == 1 &&
        X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 && X509_set_pubkey(cert, key) == 1 &&
        (names == NULL ? add_extension(cert, issuer, NID_basic_constraints, "critical,CA:TRUE")
                       : add_extension(cert, issuer, NID_subject_alt_name, names)) &&
        X509_sign(cert, issuer_key, EVP_sha256()) > 0;
    if (!done) {
        X509_free(cert);
        return NULL;
    }
    return cert;
}

static char *to_pem(X509 *cert)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL, *pem = NULL;
    if (bio != NULL && PEM_write_bio_X509(bio, cert) == 1) {
        long len = BIO_get_mem_data(bio, &bytes);
        pem = ht_strndup(bytes, (size_t)len);
    }
    BIO_free(bio);
    return pem;
}

static bool set_up(SSL_CTX *ctx, const struct look *look, X509 *cert, EVP_PKEY *key)
{
    if (look->version_max != 0) {
        /* OpenSSL's usual security level has no signature that so old a version can use. */
        SSL_CTX_set_security_level(ctx, 0);
        if (SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) != 1 ||
            SSL_CTX_set_max_proto_version(ctx, look->version_max) != 1)
            return false;
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;
}

enum ht_rc ht_rx_tls_init(struct ht_rx_tls *t, enum ht_receiver_tls mode, struct ht_err *err)
{
    *t = (struct ht_rx_tls){0};
    if (mode == HT_RECEIVER_PLAIN || mode == HT_RECEIVER_TLS_SILENT)
        return HT_OK;
    const struct look *look = &looks[mode];
    EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    X509 *ca = NULL, *cert = NULL;
    if (ca_key != NULL && key != NULL)
        ca = make_cert(ca_key, "hooktop test authority", NULL, -3 * DAY_S, 3 * DAY_S, NULL, ca_key);
    if (ca != NULL)
        cert = make_cert(key, "hooktop test receiver", look->names, look->from_s, look->to_s,
                         look->self_signed ? NULL : ca, look->self_signed ? key : ca_key);
    t->ctx = SSL_CTX_new(TLS_server_method());
    if (ca != NULL)
        t->ca_pem = to_pem(ca);
    bool done = cert != NULL && t->ctx != NULL && t->ca_pem != NULL && set_up(t->ctx, look, cert, key);
    X509_free(cert);
    X509_free(ca);
    EVP_PKEY_free(key);
    EVP_PKEY_free(ca_key);
    if (done)
        return HT_OK;
    ht_rx_tls_fini(t);
    return ht_fail(err, HT_FAILED, "start a receiver", NULL, "no TLS certificate could be made: %s",
                   ERR_reason_error_string(ERR_peek_last_error()));
}

void ht_rx_tls_fini(struct ht_rx_tls *t)
{
    SSL_CTX_free(t->ctx);
    free(t->ca_pem);
    *t = (struct ht_rx_tls){0};
}
