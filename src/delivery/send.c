#include "hooktop/delivery/send.h"
#include <stdlib.h>
#include <string.h>
#include "single.h"

static enum ht_rc fill_request(struct ht_exchange *x, const struct ht_egress *e, const struct ht_send_request *r,
                               struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf url;
    ht_buf_init(&url, HT_URL_MAX + 16u);
    enum ht_rc rc = ht_egress_check_url(e, r->url, &url, err);
    if (rc != HT_OK) {
        return rc;
    }
    for (size_t i = 0; i < r->custom_len; i++) {
        rc = ht_egress_check_header(r->custom[i].name, r->custom[i].value, err);
        if (rc != HT_OK) {
            return rc;
        }
    }
    ht_exchange_begin(x);
    ht_buf_add(&x->body, r->body, r->body_len);
    ht_exchange_header(x, "Content-Type", "application/json");
    ht_exchange_wire_headers(x, r->headers);
    ht_exchange_custom_headers(x, r->custom, r->custom_len);
    rc = ht_exchange_prepare(x, url.data, r->timeout_ms, err);
    return rc == HT_OK ? HT_OK : HT_USAGE;
}

static void take_result(struct ht_attempt *a, const struct ht_send_request *r, struct ht_ping_result *ret)
{
    *ret = (struct ht_ping_result){
        .status = a->status,
        .error = a->error,
        .error_detail = a->error_detail,
        .phases = a->phases,
        .address = a->address,
        .request_headers = a->request_headers,
        .request_body = ht_strndup(r->body, r->body_len),
        .response_headers = a->response_headers,
        .response_body = a->response_body,
        .response_body_len = a->response_body_len,
    };
    free(a->tls); /* kept of deliveries alone */
}

enum ht_rc ht_send_once(const struct ht_egress *e, const struct ht_send_request *r, const atomic_bool *cancel,
                        struct ht_ping_result *ret, struct ht_err *err)
{
    struct ht_guard guard;
    struct ht_exchange x;
    struct ht_attempt a = {0};
    ht_guard_init(&guard, e);
    ht_exchange_init(&x);
    enum ht_rc rc = ht_exchange_global(err);
    if (rc == HT_OK) {
        rc = fill_request(&x, e, r, err);
    }
    if (rc == HT_OK) {
        rc = ht_single_run(&guard, &x, cancel, err);
    }
    if (rc == HT_OK) {
        ht_exchange_finish(&x, &a);
        take_result(&a, r, ret);
    }
    ht_exchange_fini(&x);
    return rc;
}
