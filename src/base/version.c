#include "hooktop/base/version.h"
#include <jansson.h>
#include <openssl/crypto.h>

void ht_base_version(struct ht_buf *out)
{
    ht_buf_addf(out, "jansson %s, %s", jansson_version_str(), OpenSSL_version(OPENSSL_VERSION));
}
