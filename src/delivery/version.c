#include "hooktop/delivery/version.h"
#include <curl/curl.h>

void ht_delivery_version(struct ht_buf *out)
{
    ht_buf_adds(out, curl_version());
}
