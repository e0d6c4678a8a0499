/* One attempt as a text that can be handed to the receiver's people: ids, times, what was sent, what the signature is
 * over, what came back, and a curl command that sends the same request again. Plain ASCII without control characters,
 * safe in any terminal. Never in it: keys, the values of the endpoint's own headers (they are not stored in clear), and
 * what the receiver set as cookies. Pure, any thread. */
#ifndef HOOKTOP_CLI_EVIDENCE_H
#define HOOKTOP_CLI_EVIDENCE_H

#include "hooktop/base/buf.h"
#include "hooktop/model/message.h"

#define HT_EVIDENCE_MAX (8u * 1024u * 1024u)

/* Of the attempt numbered `n`, or (0) the last one. Appends; give *ret HT_EVIDENCE_MAX. HT_NOT_FOUND: there is none. */
HT_MUST_CHECK enum ht_rc ht_evidence(const struct ht_delivery_detail *d, int32_t n, struct ht_buf *ret,
                                     struct ht_err *err);

#endif
