/* Which versions of its libraries this layer runs with, for --version. Any thread. */
#ifndef HOOKTOP_DELIVERY_VERSION_H
#define HOOKTOP_DELIVERY_VERSION_H

#include "hooktop/base/buf.h"

void ht_delivery_version(struct ht_buf *out); /* appends "libcurl/7.88.1 OpenSSL/3.0.17 ..." */

#endif
