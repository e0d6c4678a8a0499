#include <string.h>
#include <strings.h>

#include "hooktop/base/clock.h"

#include "delivery_parts.h"

const char *ht_header_value(const char *lines, const char *name, size_t name_len, size_t *ret_len)
{
    while (lines && *lines) {
        size_t len = strcspn(lines, "\r\n");
        if (len > name_len && lines[name_len] == ':' && strncasecmp(lines, name, name_len) == 0) {
            size_t skip = name_len + 1 + strspn(lines + name_len + 1, " ");
            *ret_len = skip < len ? len - skip : 0;
            return lines + (skip < len ? skip : len);
        }
        lines += len + strspn(lines + len, "\r\n");
    }
    return NULL;
}

void ht_delivery_request(const struct ht_delivery_detail *v, const struct ht_attempt *a, enum ht_body_view view,
                         struct ht_doc *d)
{
    const char *url = v->delivery.endpoint_url ? v->delivery.endpoint_url : "";
    ht_doc_adds(d, HT_STYLE_HEADING, "POST ");
    ht_doc_ascii(d, HT_STYLE_HEADING, url, strlen(url));
    ht_doc_end(d);
    ht_doc_headers(d, a ? a->request_headers : NULL);
    if (!a)
        ht_doc_adds(d, HT_STYLE_DIM, "(not sent yet: headers are made at each attempt)\n");
    ht_doc_end(d);
    if (v->body)
        ht_doc_body(d, view, v->body, v->body_len);
    else
        ht_doc_adds(d, HT_STYLE_DIM, "(the body may not be read by this login)\n");
}

void ht_delivery_response(const struct ht_attempt *a, enum ht_body_view view, struct ht_doc *d)
{
    if (!a) {
        ht_doc_adds(d, HT_STYLE_DIM, "(not sent yet)\n");
        return;
    }
    if (a->error != HT_ATTEMPT_NONE) {
        ht_doc_addf(d, HT_STYLE_FAILED, "%s: ", ht_attempt_words[a->error].name);
        ht_doc_adds(d, HT_STYLE_ROW, a->error_detail ? a->error_detail : ht_attempt_words[a->error].meaning);
        ht_doc_end(d);
    }
    ht_doc_headers(d, a->response_headers);
    ht_doc_end(d);
    if (a->response_body_len)
        ht_doc_body(d, view, a->response_body, a->response_body_len);
    else
        ht_doc_adds(d, HT_STYLE_DIM, a->status ? "(no body)\n" : "(no answer)\n");
    if (a->response_bytes > (int64_t)a->response_body_len)
        ht_doc_addf(d, HT_STYLE_DIM, "\n(%zu of %lld bytes are kept)\n", a->response_body_len,
                    (long long)a->response_bytes);
}

static void add_attempt(const struct ht_app *app, const struct ht_attempt *a, struct ht_doc *d)
{
    char at[HT_TIME_TEXT];
    ht_time_rfc3339(a->at, at);
    ht_doc_addf(d, HT_STYLE_ROW, "\n%s  attempt %d  ", at, (int)a->n);
    if (a->status)
        ht_doc_addf(d, a->error == HT_ATTEMPT_NONE ? HT_STYLE_OK : HT_STYLE_FAILED, "%d ", (int)a->status);
    ht_doc_adds(d, HT_STYLE_FAILED, ht_attempt_words[a->error].name);
    ht_doc_end(d);
    ht_doc_field(d, "Address", HT_STYLE_ROW, a->address);
    if (a->tls)
        ht_doc_field(d, "TLS", HT_STYLE_ROW, a->tls);
    ht_doc_field(d, "Worker", HT_STYLE_ROW, a->worker);
    ht_doc_field(d, "Signed with", HT_STYLE_ROW, a->secret_ids);
    ht_doc_phases(d, &a->phases, &app->canvas);
}

static void add_ids(const struct ht_delivery_detail *v, struct ht_doc *d)
{
    char id[HT_UUID_TEXT];
    ht_uuid_format(&v->delivery.event_id, id);
    ht_doc_field(d, "Event", HT_STYLE_ROW, id);
    ht_uuid_format(&v->delivery.id, id);
    ht_doc_field(d, "Delivery", HT_STYLE_ROW, id);
    if (!ht_uuid_is_nil(&v->delivery.redelivery_of)) {
        ht_uuid_format(&v->delivery.redelivery_of, id);
        ht_doc_field(d, "Again for", HT_STYLE_ROW, id);
    }
    ht_doc_field(d, "Key", HT_STYLE_ROW, v->event.key);
    ht_doc_field(d, "Source", HT_STYLE_ROW, v->event.source);
    ht_doc_field(d, "Performed by", HT_STYLE_ROW, v->event.performed_by);
    ht_doc_field(d, "Workflow", HT_STYLE_ROW, v->event.workflow);
}

void ht_delivery_timeline(const struct ht_app *app, const struct ht_delivery_detail *v, struct ht_doc *d)
{
    const struct ht_delivery *w = &v->delivery;
    char at[HT_TIME_TEXT], age[HT_AGE_TEXT];
    add_ids(v, d);
    ht_time_rfc3339(v->event.created_at, at);
    ht_doc_addf(d, HT_STYLE_ROW, "\n%s  emitted\n", at);
    for (size_t i = 0; i < v->attempts.n; i++)
        add_attempt(app, &v->attempts.rows[i], d);
    if (w->due_at) {
        ht_time_rfc3339(w->due_at, at);
        ht_time_age(app, w->due_at, age);
        ht_doc_addf(d, HT_STYLE_RETRY, "\n%s  next try (%s)\n", at, age);
    } else
        ht_doc_addf(d, HT_STYLE_ROW, "\n%s: %s%s%s\n", ht_delivery_words[w->status].name,
                    ht_delivery_words[w->status].meaning, w->reason ? ": " : "", w->reason ? w->reason : "");
}
