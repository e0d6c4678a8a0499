/* From what happened on the wire to one word of the closed list and one sentence for an operator. Pure. */
#ifndef HOOKTOP_SRC_DELIVERY_CLASSIFY_H
#define HOOKTOP_SRC_DELIVERY_CLASSIFY_H

#include <stdint.h>
#include "hooktop/model/words.h"

/* The facts of one exchange. */
struct ht_exchange_facts {
    int curl_code; /* CURLcode: libcurl has one for everything that can go wrong here, whoever found it out */
    int os_errno;
    bool resolved;       /* the name was resolved, or was an address */
    bool connected;      /* TCP */
    bool secured;        /* TLS done; true for plain http once connected */
    bool sent;           /* the request may have left */
    bool resend;         /* a kept connection was cut under the request, which is not sent twice in one attempt */
    const char *blocked; /* the guard's rule, or NULL */
    const char *blocked_address;
    int status;
    bool in_block; /* as in struct ht_response */
    bool complete;
    bool headers_flood;
    bool body_cut;
    const char *location;
    const char *words; /* what went wrong on the way, for people, or "" */
};

/* ret_detail is "" when the word says it all. */
enum ht_attempt_error ht_classify(const struct ht_exchange_facts *f, char *ret_detail, size_t size);

#endif
