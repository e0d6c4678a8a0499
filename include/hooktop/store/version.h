/* Which versions of its libraries this layer runs with, for --version. Any thread. */
#ifndef HOOKTOP_STORE_VERSION_H
#define HOOKTOP_STORE_VERSION_H

#include "hooktop/base/buf.h"

void ht_store_version(struct ht_buf *out); /* appends "libpq 15.13" */

#endif
