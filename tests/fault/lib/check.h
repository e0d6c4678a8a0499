/* The invariants by name: the order of ft_invariants. */
#ifndef HT_FAULT_CHECK_H
#define HT_FAULT_CHECK_H

#include "fault.h"

enum {
    FT_LOST,
    FT_FALSE_SUCCESS,
    FT_FALSE_ANSWER,
    FT_SENT_TWICE,
    FT_GAPS,
    FT_UNVERIFIED,
    FT_LEAKED,
    FT_TOO_MUCH,
    FT_FORBIDDEN,
    FT_IDLE_TRANSACTION,
    FT_NOT_DRAINED,
    FT_OUT_OF_ORDER,
    FT_PHANTOM,
    FT_BROKEN
};
_Static_assert(FT_BROKEN + 1 == FT_INVARIANTS, "each has a name");

#endif
