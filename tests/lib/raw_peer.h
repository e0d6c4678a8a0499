/* A receiver made of plain sockets, for tests that want to say every byte of an answer, and when a connection is read
 * or ended. On 127.0.0.1, on a thread of its own, any number of connections side by side. Failures end the test through
 * cmocka. */
#ifndef HOOKTOP_TESTS_RAW_PEER_H
#define HOOKTOP_TESTS_RAW_PEER_H

#include <stddef.h>

struct raw_peer;

enum raw_peer_manner {
    RAW_PEER_ANSWERS,       /* each whole request with `answer` */
    RAW_PEER_ANSWERS_EARLY, /* when the header block is there; it reads no further */
    RAW_PEER_CLOSES_SECOND, /* answers the first request of a connection, and ends it upon the second */
    RAW_PEER_RESETS_SECOND, /* the same, by RST */
    RAW_PEER_RESETS_BODY,   /* RST once a part of the body is there */
    RAW_PEER_RESETS,        /* RST at once */
    RAW_PEER_READS_NOTHING,
};

struct raw_peer_options {
    enum raw_peer_manner manner;
    const char *answer;
    int receive_buffer; /* 0: the usual; a small one makes the sender wait again and again */
};

struct raw_peer *raw_peer_start(const struct raw_peer_options *o);
void raw_peer_stop(struct raw_peer *p); /* closes, joins, frees */

int raw_peer_port(const struct raw_peer *p);
int raw_peer_connections(struct raw_peer *p); /* accepted so far */
int raw_peer_requests(struct raw_peer *p);    /* whole ones so far; with ANSWERS_EARLY, header blocks */
/* The last whole request, its header block included; borrowed, for when no more come. */
const char *raw_peer_request(struct raw_peer *p, size_t *ret_len);

#endif
