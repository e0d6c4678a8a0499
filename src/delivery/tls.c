#include "tls.h"
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/codec.h"

#define SHA256_BYTES 32u
/* An authority that was withdrawn from this machine is to go without a restart, too. */
#define FRESH_US     (24 * 3600 * 1000000LL)

void ht_tls_client_fini(struct ht_tls_client *c)
{
    SSL_CTX_free(c->context);
    *c = (struct ht_tls_client){0};
}

/* Authorities ------------------------------------------------------------------------------------------------------ */

static bool read_authorities(SSL_CTX *context, const char *ca_file)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    const char *file = *ca_file != '\0' ? ca_file : curl->cainfo;
    if (!file && !curl->capath) {
        return SSL_CTX_set_default_verify_paths(context) == 1;
    }
    /* an intermediate authority in the file is one to trust, too */
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    return (!file || SSL_CTX_load_verify_file(context, file) == 1) &&
           (!curl->capath || SSL_CTX_load_verify_dir(context, curl->capath) == 1);
}

static SSL_CTX *make_context(const char *ca_file)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && read_authorities(context, ca_file)) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
        /* else one read goes on for as long as a receiver sends tickets */
        SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
        return context;
    }
    SSL_CTX_free(context);
    return NULL;
}

/* What cannot be read anew leaves what was read last. */
static SSL_CTX *context_of(struct ht_tls_client *c, const char *ca_file)
{
    int64_t now = ht_mono_us();
    if (!c->context || now - c->read_at > FRESH_US) {
        SSL_CTX *context = make_context(ca_file);
        if (context) {
            SSL_CTX_free(c->context);
            c->context = context;
        }
        c->read_at = now;
    }
    return c->context;
}

/* Handshake -------------------------------------------------------------------------------------------------------- */

static const char *library_words(void)
{
    unsigned long code = ERR_peek_last_error();
    const char *words = code != 0 ? ERR_reason_error_string(code) : NULL;
    return words ? words : "no reason is given";
}

/* The name or address alone, without port, brackets and the root's dot, which no certificate has. */
static bool bare_host(const char *host, char *ret, size_t size)
{
    bool bracketed = host[0] == '[';
    host += bracketed;
    size_t len = strcspn(host, bracketed ? "]" : ":");
    len -= len > 0 && host[len - 1] == '.';
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(ret, host, len);
    ret[len] = '\0';
    return true;
}

/* Whose certificate it has to be. An address is not asked for by SNI (RFC 6066 3). */
static bool expect(SSL *ssl, const char *host)
{
    char name[256];
    unsigned char address[sizeof(struct in6_addr)];
    if (!bare_host(host, name, sizeof name)) {
        return false;
    }
    if (inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1) {
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    }
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, name) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

SSL *ht_tls_new(struct ht_tls_client *c, const char *ca_file, int fd, const char *host, char *why, size_t size)
{
    static const unsigned char http_1_1[] = "\x08http/1.1";
    ERR_clear_error();
    SSL_CTX *context = context_of(c, ca_file);
    if (!context) {
        snprintf(why, size, "the certificate authorities cannot be read%s%s: %s", *ca_file != '\0' ? " from " : "",
                 ca_file, library_words());
        return NULL;
    }
    SSL *ssl = SSL_new(context);
    if (ssl && expect(ssl, host) && SSL_set_alpn_protos(ssl, http_1_1, sizeof http_1_1 - 1) == 0 &&
        SSL_set_fd(ssl, fd) == 1) {
        SSL_set_connect_state(ssl);
        return ssl;
    }
    snprintf(why, size, "TLS cannot be set up: %s", library_words());
    SSL_free(ssl);
    return NULL;
}

CURLcode ht_tls_shake(SSL *ssl, char *why, size_t size)
{
    ERR_clear_error();
    errno = 0;
    int done = SSL_do_handshake(ssl), os_errno = errno;
    if (done == 1) {
        return CURLE_OK;
    }
    int error = SSL_get_error(ssl, done);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        return CURLE_AGAIN;
    }
    long verdict = SSL_get_verify_result(ssl);
    if (verdict != X509_V_OK) {
        snprintf(why, size, "the receiver's certificate is refused: %s", X509_verify_cert_error_string(verdict));
        return CURLE_PEER_FAILED_VERIFICATION;
    }
    snprintf(why, size, "the TLS handshake failed: %s",
             error == SSL_ERROR_SYSCALL ? os_errno != 0 ? strerror(os_errno) : "the receiver closed the connection"
                                        : library_words());
    return CURLE_SSL_CONNECT_ERROR;
}

/* Facts ------------------------------------------------------------------------------------------------------------ */

static void write_end(const X509 *certificate, char *ret, size_t size)
{
    struct tm tm;
    ret[0] = '\0';
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1) {
        strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

void ht_tls_read(const SSL *ssl, char ret[HT_TLS_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    char hex[HT_HEX_SIZE(SHA256_BYTES)], end[32];
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    ret[0] = '\0';
    if (certificate && X509_digest(certificate, EVP_sha256(), digest, &len) == 1 && len == SHA256_BYTES) {
        ht_hex_encode(digest, SHA256_BYTES, hex);
        write_end(certificate, end, sizeof end);
        snprintf(ret, HT_TLS_TEXT, "%s %s %s", SSL_get_version(ssl), hex, end);
    }
}
