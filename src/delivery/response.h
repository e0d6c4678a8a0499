/* What came back: a bounded copy of the answer, and whether its header block arrived complete.
 *
 * Fed by the transfer with header lines and body pieces as they come. An interim answer (1xx) starts the block again.
 * At most HT_RESPONSE_HEADERS bytes of headers are read in all and HT_RESPONSE_HEADERS_KEPT kept; of the body
 * HT_RESPONSE_BODY and HT_RESPONSE_BODY_KEPT. No network, no allocation beyond the two buffers. */
#ifndef HOOKTOP_SRC_DELIVERY_RESPONSE_H
#define HOOKTOP_SRC_DELIVERY_RESPONSE_H

#include "hooktop/base/buf.h"

#define HT_RESPONSE_HEADERS      (64u * 1024u)
#define HT_RESPONSE_HEADERS_KEPT (8u * 1024u)
#define HT_RESPONSE_BODY         (64u * 1024u)
#define HT_RESPONSE_BODY_KEPT    (4u * 1024u)

struct ht_response {
    struct ht_buf headers; /* of the last block, as received */
    struct ht_buf body;
    size_t header_bytes; /* of all blocks */
    size_t body_bytes;
    int status;         /* of the last status line; 0 = none came */
    bool in_block;      /* a status line came, its block has not ended */
    bool complete;      /* the block of a final status has ended */
    bool headers_flood; /* more headers than we read: the transfer is to be ended */
    bool body_cut;      /* more body than we read: the transfer is to be ended */
    char retry_after[64];
    char location[256];
};

void ht_response_init(struct ht_response *r);
void ht_response_fini(struct ht_response *r);
void ht_response_clear(struct ht_response *r); /* for the next answer; keeps the memory */

/* One header line, its line end included. False: end the transfer. */
bool ht_response_header(struct ht_response *r, const char *line, size_t len);
/* A piece of the body. False: end the transfer. */
bool ht_response_body(struct ht_response *r, const char *bytes, size_t len);

#endif
