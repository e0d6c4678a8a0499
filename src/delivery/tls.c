#include "tls.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hooktop/base/codec.h"

#define SHA256_BYTES 32u

static SSL *connection_of(CURL *easy)
{
    struct curl_tlssessioninfo *tls = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || !tls ||
        tls->backend != CURLSSLBACKEND_OPENSSL) {
        return NULL;
    }
    return tls->internals;
}

static void write_end(const X509 *certificate, char *ret, size_t size)
{
    struct tm tm;
    ret[0] = '\0';
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1) {
        strftime(ret, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
}

void ht_tls_read(CURL *easy, char ret[HT_TLS_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    char hex[HT_HEX_SIZE(SHA256_BYTES)], end[32];
    SSL *ssl = connection_of(easy);
    X509 *certificate = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    ret[0] = '\0';
    if (certificate && X509_digest(certificate, EVP_sha256(), digest, &len) == 1 && len == SHA256_BYTES) {
        ht_hex_encode(digest, SHA256_BYTES, hex);
        write_end(certificate, end, sizeof end);
        snprintf(ret, HT_TLS_TEXT, "%s %s %s", SSL_get_version(ssl), hex, end);
    }
    X509_free(certificate);
}
