#include <stdio.h>
#include <string.h>

#include "hooktop/tui/chrome.h"

/* An audit entry as a row, and as a text. */

enum { C_TIME, C_WHO, C_ACTION, C_OBJECT, C_REASON, C_TENANT, C_FROM };
const struct ht_column ht_audit_columns[] = {
    [C_TIME] = {"TIME(UTC)", 19, 19, 0, false}, [C_WHO] = {"WHO", 8, 16, 0, false},
    [C_ACTION] = {"ACTION", 20, 24, 0, false},  [C_OBJECT] = {"OBJECT", 10, 36, 1, false},
    [C_REASON] = {"REASON", 12, 0, 2, false},   [C_TENANT] = {"TENANT", 10, 18, 3, false},
    [C_FROM] = {"FROM", 16, 32, 4, false},
};
const size_t ht_audit_columns_len = HT_COUNT(ht_audit_columns);

/* An id shows its end, as ids do everywhere; a name is shown as it is. */
static void object_cell(const struct ht_audit_entry *e, struct ht_cell_text *t)
{
    struct ht_uuid id;
    if (e->object && ht_uuid_parse(e->object, &id)) {
        ht_short_id(&id, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
    } else
        ht_cell_str(t, HT_STYLE_ROW, e->object);
}

void ht_audit_cell(const struct ht_audit_entry *e, size_t column, struct ht_cell_text *t)
{
    switch (column) {
    case C_TIME:
        ht_time_full(e->at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_WHO:
        ht_cell_str(t, HT_STYLE_ROW, e->who);
        break;
    case C_ACTION:
        ht_cell_str(t, HT_STYLE_ROW, e->action);
        break;
    case C_OBJECT:
        object_cell(e, t);
        break;
    case C_REASON:
        ht_cell_str(t, HT_STYLE_ROW, e->reason);
        break;
    case C_TENANT:
        ht_cell_str(t, HT_STYLE_DIM, e->tenant_name ? e->tenant_name : "(all)");
        break;
    default:
        ht_cell_str(t, HT_STYLE_DIM, e->from);
    }
}

struct ht_uuid ht_audit_id(const struct ht_audit_entry *e)
{
    char name[HT_UUID_TEXT + 24], tenant[HT_UUID_TEXT];
    ht_uuid_format(&e->tenant_id, tenant);
    snprintf(name, sizeof name, "%s %lld", tenant, (long long)e->seq);
    return ht_list_name_id(name);
}

void ht_audit_describe(const struct ht_audit_entry *e, bool whole, struct ht_doc *d)
{
    char at[HT_AGE_TEXT], number[32];
    if (whole) {
        ht_time_full(e->at, at);
        snprintf(number, sizeof number, "%lld", (long long)e->seq);
        ht_doc_field(d, "Entry", HT_STYLE_ROW, number);
        ht_doc_field(d, "When (UTC)", HT_STYLE_ROW, at);
        ht_doc_field(d, "Who", HT_STYLE_ROW, e->who);
        ht_doc_field(d, "Action", HT_STYLE_ROW, e->action);
    }
    ht_doc_field(d, "Object", HT_STYLE_ROW, e->object);
    if (whole)
        ht_doc_field(d, "Tenant", HT_STYLE_ROW, e->tenant_name);
    ht_doc_field(d, "Reason", HT_STYLE_ROW, e->reason);
    ht_doc_field(d, "From", HT_STYLE_ROW, e->from);
    if (e->detail)
        ht_doc_json(d, e->detail, strlen(e->detail));
}

void ht_audit_open(struct ht_app *app, const struct ht_audit_entry *e)
{
    struct ht_doc *d = ht_result_open(app, "Entry");
    if (d)
        ht_audit_describe(e, true, d);
}
