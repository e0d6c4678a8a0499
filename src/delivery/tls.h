/* TLS to a receiver, on a socket that is connected: the handshake, who may vouch for the receiver, and what was agreed
 * on.
 *
 * From TLS 1.2 on; the certificate must be the host's and come from an authority of `ca_file` or the system's, the ones
 * libcurl was built with. There is no way to leave that out. Nothing here blocks. */
#ifndef HOOKTOP_SRC_DELIVERY_TLS_H
#define HOOKTOP_SRC_DELIVERY_TLS_H

#include <curl/curl.h>
#include <openssl/ssl.h>
#include "hooktop/base/err.h"

#define HT_TLS_TEXT 128u

/* The authorities, read at the first handshake and anew every day. All zero at first. */
struct ht_tls_client {
    SSL_CTX *context;
    int64_t read_at; /* monotonic */
};
void ht_tls_client_fini(struct ht_tls_client *c);

/* Prepares a handshake on `fd` with `host`, a name or an address as a URL has it, perhaps with a port. `ca_file` is ""
 * for none of our own. NULL: `why` says what is the matter. */
SSL *ht_tls_new(struct ht_tls_client *c, const char *ca_file, int fd, const char *host, char *why, size_t size);
/* Goes on with it: CURLE_OK is done, CURLE_AGAIN waits for the socket (SSL_want_write says for which way); anything
 * else is its end, and `why` says it. */
CURLcode ht_tls_shake(SSL *ssl, char *why, size_t size);
/* "TLSv1.3 SHA256 END": the version, the fingerprint of the receiver's certificate in 64 hexadecimal digits, and when
 * it ends, as RFC 3339. After the handshake. */
void ht_tls_read(const SSL *ssl, char ret[HT_TLS_TEXT]);

#endif
