/* Where an answer's lines, its body and its end are: HTTP/1.1 as RFC 9112 frames it.
 *
 * Fed with the bytes of a connection as they come, in pieces of any size; hands header lines and body to response.h,
 * which bounds what is kept and read. Strict where two programs could see different answers in the same bytes: what is
 * no status line, or a header line without a colon or with a NUL, ends it; two lengths that differ, one that is no
 * number, or bytes behind the answer are the last that the connection carries. Lines may end in LF alone (RFC
 * 9112 2.2). Interim answers (1xx) are read over. No network; allocates for a line that comes in pieces alone. */
#ifndef HOOKTOP_SRC_DELIVERY_FRAMING_H
#define HOOKTOP_SRC_DELIVERY_FRAMING_H

#include <stdint.h>
#include "response.h"

enum ht_framing_result {
    HT_FRAMING_MORE,     /* not all of it is here */
    HT_FRAMING_END,      /* the answer is complete, its body too */
    HT_FRAMING_ENOUGH,   /* more than we read: `headers_flood` or `body_cut` of the response says of what */
    HT_FRAMING_NOT_HTTP, /* `why` says what it is instead */
};

enum ht_framing_place {
    HT_FRAMING_STATUS,
    HT_FRAMING_HEADERS,
    HT_FRAMING_BODY, /* `left` bytes of it */
    HT_FRAMING_BODY_TO_CLOSE,
    HT_FRAMING_CHUNK_SIZE,
    HT_FRAMING_CHUNK, /* `left` bytes of it */
    HT_FRAMING_CHUNK_END,
    HT_FRAMING_TRAILERS,
    HT_FRAMING_OVER,
};

struct ht_framing {
    struct ht_buf line; /* the beginning of one whose end has not come */
    enum ht_framing_place place;
    uint64_t left;
    const char *why; /* static */
    bool bodiless;   /* what was asked was HEAD */
    bool begun;      /* a byte came */
    bool keep;       /* the connection may carry another request, once this is at its end */
    bool chunked;
    bool odd_coding; /* a transfer coding that is not chunked alone */
    bool has_length;
};

void ht_framing_init(struct ht_framing *f);
void ht_framing_fini(struct ht_framing *f);
void ht_framing_clear(struct ht_framing *f, bool bodiless); /* for the next answer; keeps the memory */

enum ht_framing_result ht_framing_feed(struct ht_framing *f, struct ht_response *r, const char *bytes, size_t len);
/* The connection was closed in an orderly way: was that the answer's end? */
bool ht_framing_closed(struct ht_framing *f);

#endif
