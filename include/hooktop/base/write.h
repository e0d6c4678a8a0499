/* Writing to a descriptor past stdio, which would keep a copy and hide what failed. Any thread. */
#ifndef HOOKTOP_BASE_WRITE_H
#define HOOKTOP_BASE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "hooktop/base/err.h"

/* All of it, over interruptions. False, with errno, when the descriptor does not take it, or does not block and takes
 * nothing for two seconds. Blocks as the descriptor does. */
HT_MUST_CHECK bool ht_write_all(int fd, const void *bytes, size_t len);

#endif
