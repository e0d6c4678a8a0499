#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console_parts.h"
#include "hooktop/base/text.h"
#include "hooktop/cli/output.h"

/* A list as a file: every row that its filter matches, page by page, not only what the screen has loaded. */

#define PAGE     200
#define PAGE_MAX (64u * 1024u * 1024u)

struct page {
    const struct ht_record_kind *kind;
    const char *rows;
    size_t n;
    bool more;
    struct ht_uuid last;
};

static struct page page_of(const struct ht_reply *r)
{
    struct page p = {.kind = &ht_kind_type, .rows = (const char *)r->types.rows, .n = r->types.n};
    if (r->kind == HT_REP_ENDPOINTS) {
        const struct ht_endpoints *e = &r->endpoints;
        p = (struct page){.kind = &ht_kind_endpoint, .rows = (const char *)e->rows, .n = e->n, .more = e->more};
        p.last = e->n ? e->rows[e->n - 1].id : p.last;
    } else if (r->kind == HT_REP_DELIVERIES) {
        const struct ht_deliveries *d = &r->deliveries;
        p = (struct page){.kind = &ht_kind_delivery, .rows = (const char *)d->rows, .n = d->n, .more = d->more};
        p.last = d->n ? d->rows[d->n - 1].id : p.last;
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
    ht_buf_init(&clean, PAGE_MAX);
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
    ht_buf_init(&json, PAGE_MAX);
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

static enum ht_rc write_page(int fd, const struct page *p, bool csv, bool first, struct ht_err *err)
{
    HT_BUF_CLEANUP struct ht_buf out;
    enum ht_rc rc = HT_OK;
    ht_buf_init(&out, PAGE_MAX);
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
    }
    for (size_t at = 0; rc == HT_OK && at < out.len;) {
        ssize_t n = write(fd, out.data + at, out.len - at);
        if (n < 0 && errno != EINTR)
            rc = ht_fail(err, HT_FAILED, "export", NULL, "cannot write it: %s", strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    return rc;
}

static enum ht_rc write_all(struct ht_part *p, const struct ht_request *q, int fd, size_t *ret_n, struct ht_err *err)
{
    size_t len = strlen(q->path);
    bool csv = len >= 4 && strcmp(q->path + len - 4, ".csv") == 0, more = true;
    struct ht_request ask = {.kind = (enum ht_request_kind)q->state, .limit = PAGE, .text = q->text};
    enum ht_rc rc = HT_OK;
    for (bool first = true; rc == HT_OK && more; first = false) {
        if (atomic_load(&p->stopping))
            return ht_fail(err, HT_FAILED, "export", NULL, "the console ends");
        struct ht_reply *r = ht_part_answer(p, &ask, q->before_at, err);
        if (!r)
            return err->rc;
        struct page page = page_of(r);
        rc = write_page(fd, &page, csv, first, err);
        *ret_n += page.n;
        ask.before = page.last;
        more = page.more && page.n > 0;
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
    snprintf(text, sizeof text, "%zu row%s, mode 0600", n, n == 1 ? "" : "s");
    r->text = ht_strdup(text);
    return HT_OK;
}
