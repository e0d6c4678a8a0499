/* What TLS agreed on, read from libcurl's connection before the request is sent. */
#ifndef HOOKTOP_SRC_DELIVERY_TLS_H
#define HOOKTOP_SRC_DELIVERY_TLS_H

#include <curl/curl.h>

#define HT_TLS_TEXT 128u

/* "TLSv1.3 SHA256 END": the version, the fingerprint of the receiver's certificate in 64 hexadecimal digits, and when
 * it ends, as RFC 3339. "" where libcurl's TLS is another library than OpenSSL. Call it from libcurl's callback, while
 * the connection is the handle's. */
void ht_tls_read(CURL *easy, char ret[HT_TLS_TEXT]);

#endif
