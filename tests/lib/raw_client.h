/* An HTTP client made of a plain socket, for tests that want to say every byte themselves, and one made of libcurl, for
 * tests that want another program's opinion of what came back. Failures end the test through cmocka. */
#ifndef HOOKTOP_TESTS_RAW_CLIENT_H
#define HOOKTOP_TESTS_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int raw_connect(int port);
void raw_send(int fd, const void *bytes, size_t len);
void raw_sends(int fd, const char *s);
/* One POST with Content-Length. `headers` are lines with their line ends, or "". */
void raw_post(int fd, const char *path, const char *headers, const char *body);
/* Reads one answer: its header block and the body that Content-Length promises. Returns the status; 0: the connection
 * ended (or was reset) before the header block did; -1: nothing came within 60 s. */
int raw_answer(int fd, char *ret_text, size_t size);
/* Whether the peer has ended the connection (waits up to 60 s); *ret_reset: by RST. */
bool raw_ended(int fd, bool *ret_reset);

struct curl_answer {
    int rc;      /* CURLcode */
    long status; /* of the last header block that began */
    char headers[16384];
    char body[4096];
    int64_t body_bytes;
    int64_t ms;
};
/* One POST by libcurl, on a connection of its own. `headers`: lines without line ends, NULL ends. `ca_pem` may be NULL.
 */
void curl_post(const char *url, const char *const *headers, const char *body, const char *ca_pem, int32_t timeout_ms,
               struct curl_answer *ret);

#endif
