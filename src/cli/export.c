#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console_parts.h"
#include "hooktop/base/text.h"
#include "hooktop/base/write.h"
#include "hooktop/cli/output.h"

/* A list as a file: every row that its filter matches, page by page, not only what the screen has loaded. */

#define PAGE      200
#define ALL       (-1) /* of what comes in one page */
#define ROW_MAX   (64u * 1024u * 1024u)
#define WRITE_MIN 65536u /* bytes that are worth a write */

struct page {
    const struct ht_record_kind *kind;
    const char *rows;
    size_t n;
    bool more;
};

/* Where the next page begins. */
static void after_endpoint(struct ht_request *ask, const void *last)
{
    ask->before = ((const struct ht_endpoint *)last)->id;
}

static void after_delivery(struct ht_request *ask, const void *last)
{
    ask->before = ((const struct ht_delivery *)last)->id;
}

static void after_event(struct ht_request *ask, const void *last)
{
    ask->before = ((const struct ht_event *)last)->id;
}

static void after_replay(struct ht_request *ask, const void *last)
{
    ask->before = ((const struct ht_replay *)last)->id;
}

static void after_entry(struct ht_request *ask, const void *last)
{
    const struct ht_audit_entry *e = last;
    ask->tenant = e->tenant_id;
    ask->before_at = e->at;
    ask->before_seq = e->seq;
}

static void after_key(struct ht_request *ask, const void *last)
{
    const struct ht_fleet_key *k = last;
    ask->before = k->endpoint_id;
    ask->tenant = k->tenant_id;
    ask->generation = k->secret.generation;
}

/* What can be written: the list in the reply to a request, and how its pages follow each other; those without `after`
 * come in one. */
static const struct {
    enum ht_request_kind request;
    const struct ht_record_kind *kind;
    size_t list;
    void (*after)(struct ht_request *ask, const void *last);
} lists[] = {
    {HT_REQ_ENDPOINTS, &ht_kind_endpoint, offsetof(struct ht_reply, endpoints), after_endpoint},
    {HT_REQ_DELIVERIES, &ht_kind_delivery, offsetof(struct ht_reply, deliveries), after_delivery},
    {HT_REQ_TYPES, &ht_kind_type, offsetof(struct ht_reply, types), NULL},
    {HT_REQ_FAILURES, &ht_kind_failure_group, offsetof(struct ht_reply, failures.list), NULL},
    {HT_REQ_EVENTS, &ht_kind_event, offsetof(struct ht_reply, events), after_event},
    {HT_REQ_REPLAYS, &ht_kind_replay, offsetof(struct ht_reply, replays), after_replay},
    {HT_REQ_FLEET, &ht_kind_fleet, offsetof(struct ht_reply, fleet), after_key},
    {HT_REQ_AUDIT, &ht_kind_audit, offsetof(struct ht_reply, audit), after_entry},
};

/* Takes the page out of the reply, and says in `ask` where the next one begins. */
static struct page page_of(const struct ht_reply *r, struct ht_request *ask)
{
    struct page p = {0};
    for (size_t i = 0; i < HT_COUNT(lists); i++)
        if (lists[i].request == r->request) {
            struct ht_endpoints list; /* every list is made alike, by HT_LIST */
            memcpy(&list, (const char *)r + lists[i].list, sizeof list);
            p = (struct page){.kind = lists[i].kind, .rows = (const char *)list.rows, .n = list.n};
            p.more = list.more && list.n > 0 && lists[i].after;
            if (p.more)
                lists[i].after(ask, p.rows + (p.n - 1) * p.kind->size);
        }
    return p;
}

static void add_json(struct ht_buf *out, const struct ht_record_kind *kind, const void *record)
{
    struct ht_jw w;
    ht_jw_init(&w, out);
    ht_jw_object(&w, NULL);
    ht_out_members(&w, kind, record, false);
    ht_jw_end_object(&w);
}

/* RFC 4180. Others choose these texts: what a terminal would obey is made visible, and what a spreadsheet would take
 * for a formula gets an apostrophe. */
static void add_quoted(struct ht_buf *out, const char *text)
{
    HT_BUF_CLEANUP struct ht_buf clean;
    ht_buf_init(&clean, ROW_MAX);
    ht_text_clean(&clean, text, strlen(text), HT_TEXT_CELL);
    const char *s = clean.len ? clean.data : "";
    ht_buf_addc(out, '"');
    if (s[0] && strchr("=+-@", s[0]))
        ht_buf_addc(out, '\'');
    for (; *s; s++) {
        if (*s == '"')
            ht_buf_addc(out, '"');
        ht_buf_addc(out, *s);
    }
    ht_buf_addc(out, '"');
}

static void add_cell(struct ht_buf *out, const struct ht_json *value)
{
    switch (value ? ht_json_kind(value) : HT_JSON_NULL) {
    case HT_JSON_STRING:
        add_quoted(out, ht_json_str(value, ""));
        break;
    case HT_JSON_INT:
        ht_buf_addf(out, "%" PRId64, ht_json_int(value, 0));
        break;
    case HT_JSON_REAL:
        ht_buf_addf(out, "%g", ht_json_real(value, 0));
        break;
    case HT_JSON_BOOL:
        ht_buf_adds(out, ht_json_bool(value, false) ? "true" : "false");
        break;
    default:
        break; /* null is an empty cell */
    }
}

static bool in_lists(const struct ht_field *f)
{
    return !(f->flags & HT_FIELD_DETAIL);
}

/* The values are those of the JSON lines, so that both formats say the same. */
static enum ht_rc add_csv(struct ht_buf *out, const struct ht_record_kind *kind, const void *record, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf json;
    HT_JSON_CLEANUP struct ht_json *values = NULL;
    bool first = true;
    ht_buf_init(&json, ROW_MAX);
    add_json(&json, kind, record);
    enum ht_rc rc = ht_json_parse(json.data, json.len, &values, err);
    for (size_t i = 0; rc == HT_OK && i < kind->n; i++) {
        if (!in_lists(&kind->fields[i]))
            continue;
        ht_buf_adds(out, first ? "" : ",");
        add_cell(out, ht_json_get(values, kind->fields[i].name));
        first = false;
    }
    ht_buf_adds(out, "\r\n");
    return rc;
}

static void add_head(struct ht_buf *out, const struct ht_record_kind *kind)
{
    const char *before = "";
    for (size_t i = 0; i < kind->n; i++)
        if (in_lists(&kind->fields[i])) {
            ht_buf_addf(out, "%s%s", before, kind->fields[i].name);
            before = ",";
        }
    ht_buf_adds(out, "\r\n");
}

/* What was gathered, which is then empty again. */
static enum ht_rc write_out(int fd, struct ht_buf *out, struct ht_err *err)
{
    if (out->over)
        return ht_fail(err, HT_FAILED, "export", NULL, "a row is larger than %u MiB", ROW_MAX / 1024 / 1024);
    if (!ht_write_all(fd, out->data, out->len))
        return ht_fail(err, HT_FAILED, "export", NULL, "cannot write it: %s", strerror(errno));
    ht_buf_clear(out);
    return HT_OK;
}

static enum ht_rc write_page(int fd, const struct page *p, bool csv, bool first, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf out;
    enum ht_rc rc = HT_OK;
    ht_buf_init(&out, ROW_MAX);
    if (csv && first)
        add_head(&out, p->kind);
    for (size_t i = 0; rc == HT_OK && i < p->n; i++) {
        const char *record = p->rows + i * p->kind->size;
        if (csv) {
            rc = add_csv(&out, p->kind, record, err);
        } else {
            add_json(&out, p->kind, record);
            ht_buf_addc(&out, '\n');
        }
        if (rc == HT_OK && (out.over || out.len >= WRITE_MIN))
            rc = write_out(fd, &out, err);
    }
    return rc == HT_OK ? write_out(fd, &out, err) : rc;
}

static enum ht_rc write_all(struct ht_part *p, const struct ht_request *q, int fd, size_t *ret_n, struct ht_err *err)
{
    size_t len = strlen(q->path);
    bool csv = len >= 4 && strcmp(q->path + len - 4, ".csv") == 0, more = true;
    struct ht_request ask = {.kind = (enum ht_request_kind)q->state, .text = q->text};
    ask.limit = ask.kind == HT_REQ_FAILURES ? ALL : PAGE;
    enum ht_rc rc = HT_OK;
    for (bool first = true; rc == HT_OK && more; first = false) {
        if (atomic_load(&p->stopping))
            return ht_fail(err, HT_FAILED, "export", NULL, "the console ends");
        struct ht_reply *r = ht_part_answer(p, &ask, q->before_at, err);
        if (!r)
            return err->rc;
        struct page page = page_of(r, &ask);
        rc = page.kind ? write_page(fd, &page, csv, first, err)
                       : ht_fail(err, HT_FAILED, "export", NULL, "this is no list that can be written");
        *ret_n += page.n;
        more = page.more;
        ht_reply_free(r);
    }
    return rc;
}

enum ht_rc ht_part_export(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    char text[64];
    size_t n = 0;
    int fd = open(q->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return ht_fail(err, HT_FAILED, "export", errno == EEXIST ? "name a file that does not exist yet" : NULL,
                       "cannot create %s: %s", q->path, strerror(errno));
    enum ht_rc rc = write_all(p, q, fd, &n, err);
    if (close(fd) != 0 && rc == HT_OK)
        rc = ht_fail(err, HT_FAILED, "export", NULL, "cannot write it: %s", strerror(errno));
    if (rc != HT_OK) {
        unlink(q->path); /* half a list must not pass for a whole one */
        return rc;
    }
    snprintf(text, sizeof text, "%zu %s, mode 0600", n, ht_plural((int64_t)n, "row", "rows"));
    r->text = ht_strdup(text);
    return HT_OK;
}
