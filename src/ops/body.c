#include "parts.h"

enum ht_rc ht_ops_body(const struct ht_event *event, const char *profile, struct ht_buf *ret, struct ht_err *err)
{
    const struct ht_profile *p = NULL;
    enum ht_rc rc = ht_ops_profile(profile, &p, err);
    return rc == HT_OK ? p->body(event, HT_BODY_VERSION, ret, err) : rc;
}
