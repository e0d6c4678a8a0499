#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "delivery_parts.h"

#define CELL       28
#define NOTABLE_US 10000 /* a phase is told apart when it took twice as long, and more than this */

struct pair {
    char here[96], there[96];
};

static void add_row(struct ht_doc *d, const char *label, const struct pair *p, bool differs)
{
    char here[96], there[96];
    enum ht_style style = differs ? HT_STYLE_RETRY : HT_STYLE_ROW;
    ht_text_clean_str(here, sizeof here, p->here[0] ? p->here : "-", HT_TEXT_CELL);
    ht_text_clean_str(there, sizeof there, p->there[0] ? p->there : "-", HT_TEXT_CELL);
    ht_doc_addf(d, style, "%c ", differs ? '!' : ' ');
    ht_doc_addf(d, HT_STYLE_LABEL, "%-15s ", label);
    ht_doc_addf(d, style, "%-*s %s\n", CELL, here, there);
}

static void add_text(struct ht_doc *d, const char *label, const char *here, const char *there)
{
    struct pair p;
    snprintf(p.here, sizeof p.here, "%s", here ? here : "");
    snprintf(p.there, sizeof p.there, "%s", there ? there : "");
    add_row(d, label, &p, strcmp(p.here, p.there) != 0);
}

static void add_number(struct ht_doc *d, const char *label, long long here, long long there)
{
    struct pair p;
    snprintf(p.here, sizeof p.here, "%lld", here);
    snprintf(p.there, sizeof p.there, "%lld", there);
    add_row(d, label, &p, here != there);
}

/* The n-th word of what was noted of TLS. */
static void tls_word(const char *tls, int n, size_t most, char *ret, size_t size)
{
    ret[0] = '\0';
    for (; tls && n > 0; n--) {
        tls = strchr(tls, ' ');
        tls += tls != NULL;
    }
    size_t len = tls ? strcspn(tls, " ") : 0;
    if (len)
        snprintf(ret, size, "%.*s%s", (int)(len < most ? len : most), tls, len > most ? "..." : "");
}

static void add_tls(struct ht_doc *d, const struct ht_attempt *a, const struct ht_attempt *b)
{
    static const struct {
        const char *label;
        size_t most;
    } words[] = {{"TLS", 20}, {"Certificate", 16}, {"Its end", 20}};
    struct pair p;
    for (size_t i = 0; (a->tls || b->tls) && i < HT_COUNT(words); i++) {
        tls_word(a->tls, (int)i, words[i].most, p.here, sizeof p.here);
        tls_word(b->tls, (int)i, words[i].most, p.there, sizeof p.there);
        add_row(d, words[i].label, &p, strcmp(p.here, p.there) != 0);
    }
}

static void add_phase(struct ht_doc *d, const char *label, int32_t here, int32_t there)
{
    struct pair p;
    int32_t most = here > there ? here : there, least = here > there ? there : here;
    if (most == 0)
        return;
    snprintf(p.here, sizeof p.here, "%.1f ms", here / 1000.0);
    snprintf(p.there, sizeof p.there, "%.1f ms", there / 1000.0);
    add_row(d, label, &p, most - least > NOTABLE_US && most > 2 * (int64_t)least);
}

static long long body_size(const struct ht_attempt *a)
{
    size_t len;
    const char *value = ht_header_value(a->request_headers, "Content-Length", strlen("Content-Length"), &len);
    return value ? strtoll(value, NULL, 10) : 0;
}

static void add_facts(struct ht_doc *d, const struct ht_attempt *a, const struct ht_attempt *b)
{
    char here[HT_AGE_TEXT], there[HT_AGE_TEXT];
    ht_time_full(a->at, here);
    ht_time_full(b->at, there);
    struct pair at = {"", ""};
    snprintf(at.here, sizeof at.here, "%s", here);
    snprintf(at.there, sizeof at.there, "%s", there);
    add_row(d, "At (UTC)", &at, false);
    add_number(d, "Status", a->status, b->status);
    add_text(d, "Error", ht_attempt_words[a->error].name, ht_attempt_words[b->error].name);
    add_text(d, "Address", a->address, b->address);
    add_tls(d, a, b);
    add_text(d, "Signed with", a->secret_ids, b->secret_ids);
    add_number(d, "Body, bytes", body_size(a), body_size(b));
    add_number(d, "Answer, bytes", a->response_bytes, b->response_bytes);
    add_phase(d, "DNS", a->phases.dns_us, b->phases.dns_us);
    add_phase(d, "Connected", a->phases.connect_us, b->phases.connect_us);
    add_phase(d, "TLS done", a->phases.tls_us, b->phases.tls_us);
    add_phase(d, "First byte", a->phases.first_byte_us, b->phases.first_byte_us);
    add_phase(d, "Total", a->phases.total_us, b->phases.total_us);
}

/* Headers ---------------------------------------------------------------------------------------------------------- */
struct line {
    const char *name, *value;
    size_t name_len, value_len;
};

static bool next_line(const char **lines, struct line *ret)
{
    while (*lines && **lines) {
        const char *at = *lines;
        size_t len = strcspn(at, "\r\n");
        const char *colon = memchr(at, ':', len);
        *lines = at + len + strspn(at + len, "\r\n");
        if (!colon)
            continue; /* the status line */
        size_t skip = (size_t)(colon - at) + 1;
        while (skip < len && at[skip] == ' ')
            skip++;
        *ret = (struct line){at, at + skip, (size_t)(colon - at), len - skip};
        return true;
    }
    return false;
}

static void add_header(struct ht_doc *d, enum ht_style style, const char *sign, const struct line *l)
{
    ht_doc_adds(d, style, sign);
    ht_doc_ascii(d, HT_STYLE_LABEL, l->name, l->name_len);
    ht_doc_adds(d, HT_STYLE_LABEL, ": ");
    ht_doc_add(d, style, l->value, l->value_len);
    ht_doc_end(d);
}

/* Names in a list joined by LF. */
static bool is_among(const char *names, const struct line *l)
{
    for (const char *at = names ? names : ""; *at;) {
        size_t n = strcspn(at, "\n");
        if (n == l->name_len && strncasecmp(at, l->name, n) == 0)
            return true;
        at += n + (at[n] == '\n');
    }
    return false;
}

/* `own`: headers that differ between any two requests, and say nothing. */
static void add_headers(struct ht_doc *d, const char *title, const char *here, const char *there, const char *own)
{
    struct line l;
    size_t len, same = 0, each = 0;
    ht_doc_heading(d, title);
    for (const char *at = here; next_line(&at, &l);) {
        const char *value = ht_header_value(there, l.name, l.name_len, &len);
        if (!value)
            add_header(d, HT_STYLE_RETRY, "+ ", &l);
        else if (len == l.value_len && memcmp(value, l.value, len) == 0)
            same++;
        else if (is_among(own, &l))
            each++;
        else {
            const struct line was = {l.name, value, l.name_len, len};
            add_header(d, HT_STYLE_RETRY, "! ", &l);
            add_header(d, HT_STYLE_DIM, "  was ", &was);
        }
    }
    for (const char *at = there; next_line(&at, &l);)
        if (!ht_header_value(here, l.name, l.name_len, &len))
            add_header(d, HT_STYLE_RETRY, "- ", &l);
    ht_doc_addf(d, HT_STYLE_DIM, "  + only here, - only there, ! differs; %zu the same", same);
    if (each)
        ht_doc_addf(d, HT_STYLE_DIM, ", %zu that differ each time", each);
    ht_doc_end(d);
}

void ht_delivery_compare(const struct ht_delivery_detail *v, const struct ht_attempt *a, struct ht_doc *d)
{
    const struct ht_attempt *b = &v->success;
    char id[HT_UUID_TEXT], own[512];
    bool itself = a && ht_uuid_cmp(&v->success_of, &v->delivery.id) == 0 && a->n == b->n;
    if (!a || ht_uuid_is_nil(&v->success_of) || itself) {
        ht_doc_adds(d, HT_STYLE_DIM,
                    !a ? "(not sent yet: there is nothing to compare)\n"
                    : itself
                        ? "(this attempt is the endpoint's last success: there is nothing else to compare it with)\n"
                        : "(the endpoint has no success that is kept: there is nothing to compare with)\n");
        return;
    }
    ht_uuid_format(&v->success_of, id);
    ht_doc_addf(d, HT_STYLE_DIM, "Against attempt %d of %s, the last success\n\n", (int)b->n, id);
    ht_doc_addf(d, HT_STYLE_HEADING, "  %-15s %-*s %s\n", "", CELL, "This attempt", "Last success");
    add_facts(d, a, b);
    snprintf(own, sizeof own, "%s\nX-Hooktop-Delivery\nX-Hooktop-Attempt\nContent-Length",
             v->signatures ? v->signatures[0].headers : "");
    add_headers(d, "Request headers", a->request_headers, b->request_headers, own);
    add_headers(d, "Answer's headers", a->response_headers, b->response_headers, "Date\nContent-Length");
}
