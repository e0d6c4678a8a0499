#include <string.h>

#include "hooktop/tui/chrome.h"

#define BAR_COLUMNS 40

struct phase {
    const char *name;
    int32_t from_us, to_us;
};

/* Marks are counted from the request's start; one that is 0 was not reached, or the connection was a kept one. */
static size_t phases_of(const struct ht_phases *p, struct phase ret[5])
{
    const struct {
        const char *name;
        int32_t mark;
    } marks[] = {{"dns", p->dns_us}, {"connect", p->connect_us}, {"tls", p->tls_us}, {"first byte", p->first_byte_us}};
    size_t n = 0;
    int32_t at = 0;
    for (size_t i = 0; i < HT_COUNT(marks); i++)
        if (marks[i].mark > at) {
            ret[n++] = (struct phase){marks[i].name, at, marks[i].mark};
            at = marks[i].mark;
        }
    if (p->total_us > at)
        ret[n++] = (struct phase){p->first_byte_us ? "rest" : "no answer", at, p->total_us};
    return n;
}

/* Each phase where it lies within the whole; what is shorter than a column is still to be seen. */
static void add_bar(struct ht_doc *d, const struct phase *p, int32_t total_us, bool ascii)
{
    int from = (int)((int64_t)p->from_us * BAR_COLUMNS / total_us);
    int to = (int)((int64_t)p->to_us * BAR_COLUMNS / total_us);
    ht_doc_addf(d, HT_STYLE_ROW, "%*s", from < BAR_COLUMNS ? from : BAR_COLUMNS - 1, "");
    if (to == from)
        ht_doc_adds(d, HT_STYLE_SPARK, ascii ? "|" : "\xe2\x96\x8f");
    for (int i = from; i < to; i++)
        ht_doc_adds(d, HT_STYLE_SPARK, ascii ? "#" : "\xe2\x96\x88");
}

void ht_doc_phases(struct ht_doc *d, const struct ht_phases *p, const struct ht_canvas *c)
{
    struct phase phases[5];
    size_t n = phases_of(p, phases);
    for (size_t i = 0; i < n; i++) {
        ht_doc_addf(d, HT_STYLE_LABEL, "  %-12s", phases[i].name);
        ht_doc_addf(d, HT_STYLE_ROW, "%9.2f ms  ", (phases[i].to_us - phases[i].from_us) / 1000.0);
        if (!c->plain)
            add_bar(d, &phases[i], p->total_us, c->ascii);
        ht_doc_end(d);
    }
    ht_doc_addf(d, HT_STYLE_LABEL, "  %-12s", "total");
    ht_doc_addf(d, HT_STYLE_HEADING, "%9.2f ms\n", p->total_us / 1000.0);
}
