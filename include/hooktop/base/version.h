/* Which versions of its libraries this layer runs with, for --version. Any thread. */
#ifndef HOOKTOP_BASE_VERSION_H
#define HOOKTOP_BASE_VERSION_H

#include "hooktop/base/buf.h"

void ht_base_version(struct ht_buf *out); /* appends "jansson 2.14, OpenSSL 3.0.17" */

#endif
