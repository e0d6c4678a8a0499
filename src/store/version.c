#include "hooktop/store/version.h"
#include <libpq-fe.h>

void ht_store_version(struct ht_buf *out)
{
    ht_buf_addf(out, "libpq %d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
}
