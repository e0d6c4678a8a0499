/* Ways to hurt the engine on purpose, for the tests in tests/fault. In a build with -DHT_FAULTS these variables of the
 * environment are read when the program starts; in every other build all of it is nothing.
 *
 *   HT_CRASH_AT=name:n    the process kills itself (SIGKILL) the n-th time it passes the point of that name. The names:
 *                         before_claim, claim_sent, after_claim, after_targets, before_send, after_send, request_begun,
 *                         after_answer, before_settle, settle_sent, after_settle, renew_sent, after_renew,
 *                         release_sent, goodbye_sent
 *   HT_POISON=text        a body that holds this text kills the process that has built it
 *   HT_LEASE_MARGIN=ms    instead of the margin by which a lease outlasts the time limit: leases that end within a test
 */
#ifndef HOOKTOP_SRC_DELIVERY_FAULT_H
#define HOOKTOP_SRC_DELIVERY_FAULT_H

#ifdef HT_FAULTS
#include <stdint.h>
void ht_fault(const char *name);
void ht_fault_body(const char *body);
int32_t ht_fault_lease_margin(int32_t usual);
#define HT_FAULT(name)               ht_fault(name)
#define HT_FAULT_BODY(body)          ht_fault_body(body)
#define HT_FAULT_LEASE_MARGIN(usual) ht_fault_lease_margin(usual)
#else
#define HT_FAULT(name)               ((void)0)
#define HT_FAULT_BODY(body)          ((void)0)
#define HT_FAULT_LEASE_MARGIN(usual) (usual)
#endif

#endif
