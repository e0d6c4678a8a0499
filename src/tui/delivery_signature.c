#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"

#include "delivery_parts.h"

static const struct ht_secret_meta *of_generation(const struct ht_secret_metas *all, long generation)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->rows[i].generation == generation)
            return &all->rows[i];
    return NULL;
}

/* "2,1": the generations, the current one first. */
static void add_keys(const struct ht_delivery_detail *v, const struct ht_attempt *a, struct ht_doc *d)
{
    const char *label = "Signed with";
    for (const char *at = a->secret_ids ? a->secret_ids : ""; *at; label = "") {
        char *end, id[HT_UUID_TEXT], since[HT_AGE_TEXT], text[160];
        long generation = strtol(at, &end, 10);
        if (end == at)
            break;
        const struct ht_secret_meta *m = of_generation(&v->secrets, generation);
        if (m) {
            ht_uuid_format(&m->id, id);
            ht_time_full(m->created_at, since);
            snprintf(text, sizeof text, "generation %ld, %s now, made %s UTC", generation,
                     ht_secret_words[m->state].name, since);
            ht_doc_field(d, label, HT_STYLE_ROW, text);
            ht_doc_field(d, "", HT_STYLE_DIM, id);
        } else {
            snprintf(text, sizeof text, "generation %ld, no longer kept", generation);
            ht_doc_field(d, label, HT_STYLE_ROW, text);
        }
        at = end + (*end == ',');
    }
    if (!a->secret_ids)
        ht_doc_field(d, label, HT_STYLE_DIM, NULL);
}

/* The headers that carry it, as they were sent. */
static void add_headers(const struct ht_signature *s, const struct ht_attempt *a, struct ht_doc *d)
{
    for (const char *name = s->headers; *name;) {
        size_t n = strcspn(name, "\n"), len = 0;
        const char *value = ht_header_value(a->request_headers, name, n, &len);
        ht_doc_ascii(d, HT_STYLE_LABEL, name, n);
        ht_doc_adds(d, HT_STYLE_LABEL, ": ");
        if (value)
            ht_doc_add(d, HT_STYLE_ROW, value, len);
        else
            ht_doc_adds(d, HT_STYLE_DIM, "(not sent)");
        ht_doc_end(d);
        name += n + (name[n] == '\n');
    }
}

/* On a line of its own, so that it stands whole in 80 columns. */
static void add_digest(struct ht_doc *d, const char *label, const char *hex)
{
    ht_doc_addf(d, HT_STYLE_LABEL, "  %s\n", label);
    ht_doc_addf(d, HT_STYLE_ROW, "    %s\n", hex);
}

static void add_signed(const struct ht_signature *s, size_t body_len, struct ht_doc *d)
{
    char text[64];
    ht_doc_heading(d, "What is signed");
    ht_doc_field(d, "In words", HT_STYLE_ROW, s->recipe);
    if (!s->whole) {
        ht_doc_adds(d, HT_STYLE_DIM,
                    "  (the bytes are not known: the body may not be read, or headers were not kept)\n");
        return;
    }
    if (s->before && s->before[0])
        ht_doc_field(d, "Before body", HT_STYLE_ROW, s->before);
    snprintf(text, sizeof text, "%zu %s", body_len, ht_plural((int64_t)body_len, "byte", "bytes"));
    ht_doc_field(d, "Body", HT_STYLE_ROW, text);
    add_digest(d, "SHA-256 of the body", s->body_sha256);
    add_digest(d, "SHA-256 of all that is signed", s->signed_sha256);
}

static void add_check(const struct ht_delivery *v, const struct ht_signature *s, struct ht_doc *d)
{
    char at[HT_TIME_TEXT], text[128];
    int step = 1;
    ht_doc_heading(d, "How a receiver checks it");
    ht_doc_addf(d, HT_STYLE_ROW, "  %d. Keep the body's bytes exactly as they came, before anything parses them.\n",
                step++);
    ht_doc_addf(d, HT_STYLE_ROW, "  %d. Put together what is signed (%s) and compute %s.\n", step++, s->recipe,
                s->algorithm);
    ht_doc_addf(d, HT_STYLE_ROW, "     The key: %s.\n", s->key);
    ht_doc_addf(d, HT_STYLE_ROW, "  %d. Compare in constant time with the header: %s.\n", step++, s->form);
    if (s->timestamp_s) {
        ht_time_rfc3339(s->timestamp_s * 1000000, at);
        snprintf(text, sizeof text, " Here it says %.19sZ.", at);
    } else
        text[0] = '\0';
    if (s->tolerance_s)
        ht_doc_addf(d, HT_STYLE_ROW, "  %d. Refuse a timestamp more than %d s from its own clock.%s\n", step,
                    (int)s->tolerance_s, text);
    ht_doc_addf(d, HT_STYLE_DIM, "\n  hooktop verify --profile %s does the same, and says what differs.\n", v->profile);
}

void ht_delivery_signature(const struct ht_delivery_detail *v, const struct ht_attempt *a, struct ht_doc *d)
{
    if (!a || !v->signatures) {
        ht_doc_adds(d, HT_STYLE_DIM, "(not sent yet: each attempt is signed when it is made)\n");
        return;
    }
    const struct ht_signature *s = &v->signatures[a - v->attempts.rows];
    ht_doc_field(d, "Algorithm", HT_STYLE_ROW, s->algorithm);
    add_keys(v, a, d);
    ht_doc_heading(d, "The header as it was sent");
    add_headers(s, a, d);
    add_signed(s, v->body_len, d);
    add_check(&v->delivery, s, d);
}
