#include "hooktop/cli/context.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hooktop/cli/output.h"

#define FILTER_MAX    4096u
#define LIMIT_DEFAULT 50
#define NAMES_MAX     256u

const char *ht_ctx_text(const struct ht_ctx *c, enum ht_option_id id)
{
    return c->args->opt[id].given ? c->args->opt[id].text : NULL;
}

int32_t ht_ctx_limit(const struct ht_ctx *c)
{
    return c->args->opt[HT_OPT_LIMIT].given ? (int32_t)c->args->opt[HT_OPT_LIMIT].number : LIMIT_DEFAULT;
}

static void suggest_tenant(struct ht_ctx *c, const char *given, struct ht_err *err)
{
    struct ht_err ignored = {0};
    struct ht_tenants all = {0};
    const char *names[NAMES_MAX];
    if (ht_store_tenants(c->conn, &all, &ignored) != HT_OK)
        return;
    size_t n = 0;
    for (; n < all.n && n < NAMES_MAX; n++)
        names[n] = all.rows[n].name;
    ht_suggest(err, given, names, n);
    ht_tenants_fini(&all);
}

enum ht_rc ht_ctx_tenant(struct ht_ctx *c, struct ht_tenant *ret, struct ht_err *err)
{
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(c, &conn, err);
    if (rc != HT_OK)
        return rc;
    rc = ht_store_tenant_find(conn, c->tenant, ret, err);
    if (rc == HT_NOT_FOUND && c->tenant != NULL && err != NULL)
        suggest_tenant(c, c->tenant, err);
    return rc;
}

enum ht_rc ht_ctx_tenant_bound(struct ht_ctx *c, struct ht_uuid *ret_id, const struct ht_uuid **ret, struct ht_err *err)
{
    *ret = NULL;
    if (c->tenant == NULL)
        return HT_OK;
    HT_CLEANUP(ht_tenant_fini) struct ht_tenant t = {0};
    enum ht_rc rc = ht_ctx_tenant(c, &t, err);
    if (rc != HT_OK)
        return rc;
    *ret_id = t.id;
    *ret = ret_id;
    return HT_OK;
}

enum ht_rc ht_ctx_endpoint(struct ht_ctx *c, const char *id, struct ht_endpoint *ret, struct ht_err *err)
{
    struct ht_endpoint e = {0};
    struct ht_uuid tenant_id;
    const struct ht_uuid *tenant = NULL;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(c, &conn, err);
    if (rc == HT_OK)
        rc = ht_ctx_tenant_bound(c, &tenant_id, &tenant, err);
    if (rc == HT_OK)
        rc = ht_store_endpoint_find(conn, id, &e, err);
    if (rc != HT_OK)
        return rc;
    if (tenant != NULL && ht_uuid_cmp(tenant, &e.tenant_id) != 0) {
        rc = ht_fail(err, HT_NOT_FOUND, c->args->command->name, "leave out --tenant",
                     "endpoint %s belongs to tenant %s", id, e.tenant_name);
        ht_endpoint_fini(&e);
        return rc;
    }
    *ret = e;
    return HT_OK;
}

/* Asking ----------------------------------------------------------------------------------------------------------- */

bool ht_ctx_can_ask(const struct ht_ctx *c)
{
    return isatty(STDIN_FILENO) != 0 && !c->json && !c->args->opt[HT_OPT_YES].given;
}

void ht_ctx_ask(const char *question, char *ret, size_t size)
{
    ht_out_ask(question);
    if (fgets(ret, (int)size, stdin) == NULL)
        ret[0] = '\0';
    ret[strcspn(ret, "\r\n")] = '\0';
}

enum ht_rc ht_ctx_confirm(const struct ht_ctx *c, const char *question, struct ht_err *err)
{
    char text[256];
    char answer[8];
    if (c->args->opt[HT_OPT_YES].given)
        return HT_OK;
    if (!ht_ctx_can_ask(c))
        return ht_fail(err, HT_USAGE, c->args->command->name, "add --yes",
                       "it wants a confirmation, and nobody can be asked here");
    snprintf(text, sizeof text, "%s [y/N] ", question);
    ht_ctx_ask(text, answer, sizeof answer);
    if (answer[0] == 'y' || answer[0] == 'Y')
        return HT_OK;
    return ht_fail(err, HT_CANCELLED, c->args->command->name, NULL, "nothing was changed");
}

/* Filters ---------------------------------------------------------------------------------------------------------- */

/* Options of lists that are another way to write a field of the filter. */
static const struct {
    enum ht_option_id option;
    const char *field;
    bool literal; /* nothing in the value means more than itself */
} find_fields[] = {
    {HT_OPT_FIND_STATUS, "status", false},  {HT_OPT_FIND_STATE, "state", false},
    {HT_OPT_FIND_SINCE, "after", true},     {HT_OPT_FIND_TYPE, "type", false},
    {HT_OPT_FIND_KEY, "key", true},         {HT_OPT_FIND_CONTAINS, "contains", true},
    {HT_OPT_FIND_PROFILE, "profile", true}, {HT_OPT_FIND_AGE, "age", false},
};

static void add_term(struct ht_buf *text, const char *field, const char *value, bool literal)
{
    ht_buf_addf(text, " %s:", field);
    if (!literal) {
        ht_buf_adds(text, value);
        return;
    }
    ht_buf_addc(text, '"');
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\')
            ht_buf_addc(text, '\\');
        ht_buf_addc(text, *value);
    }
    ht_buf_addc(text, '"');
}

/* An endpoint that does not exist is an error, not an empty list. */
static enum ht_rc add_endpoint(struct ht_ctx *c, struct ht_buf *text, struct ht_err *err)
{
    HT_CLEANUP(ht_endpoint_fini) struct ht_endpoint e = {0};
    char id[HT_UUID_TEXT];
    enum ht_rc rc = ht_store_endpoint_find(c->conn, ht_ctx_text(c, HT_OPT_FIND_ENDPOINT), &e, err);
    if (rc != HT_OK)
        return rc;
    ht_uuid_format(&e.id, id);
    add_term(text, "endpoint", id, true);
    return HT_OK;
}

enum ht_rc ht_ctx_filter(struct ht_ctx *c, enum ht_filter_list list, struct ht_filter *ret, struct ht_err *err)
{
    struct ht_conn *conn;
    int64_t now = 0;
    size_t column = 0;
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, FILTER_MAX);
    enum ht_rc rc = ht_ctx_conn(c, &conn, err);
    if (rc == HT_OK)
        rc = ht_conn_now(conn, &now, err);
    for (size_t i = 0; i < c->args->operands_len; i++)
        ht_buf_addf(&text, "%s%s", i > 0 ? " " : "", c->args->operands[i]);
    for (size_t i = 0; i < HT_COUNT(find_fields); i++)
        if (c->args->opt[find_fields[i].option].given)
            add_term(&text, find_fields[i].field, c->args->opt[find_fields[i].option].text, find_fields[i].literal);
    if (rc == HT_OK && c->args->opt[HT_OPT_FIND_ENDPOINT].given)
        rc = add_endpoint(c, &text, err);
    if (rc == HT_OK && text.over)
        rc = ht_fail(err, HT_USAGE, "filter", NULL, "it is longer than %u bytes", FILTER_MAX);
    return rc == HT_OK ? ht_filter_parse(list, text.data, now, ret, &column, err) : rc;
}
