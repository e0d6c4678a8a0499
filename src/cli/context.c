#include "hooktop/cli/context.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "hooktop/cli/setup.h"
#include "hooktop/store/setup.h"

/* Choosing the database -------------------------------------------------------------------------------------------- */

enum ht_rc ht_ctx_may_write(const struct ht_ctx *c, struct ht_err *err)
{
    if (!c->readonly)
        return HT_OK;
    bool option = c->args->opt[HT_OPT_READONLY].given;
    return ht_fail(err, HT_DENIED, c->args->command->name,
                   option ? "leave out --readonly" : "choose another environment", "it changes something, and %s",
                   option ? "--readonly was given" : "this environment is read-only");
}

/* What the command's flags demand of the options. */
static enum ht_rc check_flags(struct ht_ctx *c, struct ht_err *err)
{
    const struct ht_command *command = c->args->command;
    if ((command->flags & HT_COMMAND_WRITES) != 0 && ht_ctx_may_write(c, err) != HT_OK)
        return HT_DENIED;
    if ((command->flags & HT_COMMAND_AUDITED) != 0 && c->config.production && c->reason == NULL)
        return ht_fail(err, HT_USAGE, command->name, "say why: --reason TEXT",
                       "this environment is marked production, where changes want a reason");
    return HT_OK;
}

enum ht_rc ht_ctx_init(struct ht_ctx *c, const struct ht_args *args, struct ht_err *err)
{
    *c = (struct ht_ctx){
        .args = args,
        .json = args->opt[HT_OPT_JSON].given,
        .reason = args->opt[HT_OPT_REASON].text,
        .tenant = args->opt[HT_OPT_TENANT].text,
    };
    ht_environment_take(&c->env);
    if ((args->command->flags & HT_COMMAND_APART) != 0) {
        static const enum ht_option_id refused[] = {HT_OPT_DSN, HT_OPT_CONFIG, HT_OPT_ENV};
        for (size_t i = 0; i < HT_COUNT(refused); i++)
            if (args->opt[refused[i]].given)
                return ht_fail(err, HT_USAGE, args->command->name, "leave it out", "it takes no --%s",
                               ht_options[refused[i]].name);
        return HT_OK;
    }
    const char *file = args->opt[HT_OPT_CONFIG].text;
    enum ht_rc rc = ht_config_load(file, args->opt[HT_OPT_ENV].text, &c->config, err);
    if (rc == HT_OK)
        rc = ht_config_database(&c->config, args->opt[HT_OPT_DSN].text, file != NULL, &c->env, &c->database, err);
    c->readonly = args->opt[HT_OPT_READONLY].given || c->config.readonly;
    return rc == HT_OK ? check_flags(c, err) : rc;
}

static void end(int sig)
{
    (void)sig;
    _exit(0);
}

void ht_ctx_runs_until_ended(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = end};
    for (size_t i = 0; i < HT_COUNT(signals); i++)
        sigaction(signals[i], &action, NULL);
}

/* A server that does not stop is found and stopped by its next user, so the error is nobody's business here. */
static void release(struct ht_cluster *cluster)
{
    struct ht_err ignored = {0};
    if (cluster != NULL && ht_cluster_release(cluster, &ignored) != HT_OK)
        ht_err_clear(&ignored);
}

void ht_ctx_fini(struct ht_ctx *c)
{
    ht_conn_close(c->conn);
    ht_ring_free(c->ring);
    release(c->cluster);
    ht_database_fini(&c->database);
    ht_libpq_env_fini(&c->env);
    ht_config_fini(&c->config);
    *c = (struct ht_ctx){0};
}

/* The private cluster is nobody's but this user's: its schema follows the program without being asked. */
static enum ht_rc set_up_private(const struct ht_ctx *c, const char *dsn, struct ht_err *err)
{
    const struct ht_conn_options o = {.dsn = dsn, .any_schema = true, .application = "hooktop setup"};
    struct ht_conn *conn = NULL;
    const struct ht_ring_source from = {c->config.vault_key_file, c->config.vault_key_command};
    int found = 0;
    enum ht_ring_outcome ring;
    enum ht_rc rc = ht_conn_open(&o, &conn, err);
    if (rc == HT_OK)
        rc = ht_store_schema_found(conn, &found, err);
    if (rc == HT_OK && found < ht_store_schema_version())
        rc = ht_setup_apply(conn, &from, &ring, err);
    ht_conn_close(conn);
    return rc;
}

enum ht_rc ht_ctx_dsn(struct ht_ctx *c, const char **ret, struct ht_err *err)
{
    if (c->database.source != HT_DATABASE_PRIVATE) {
        *ret = c->database.dsn;
        return HT_OK;
    }
    const struct ht_cluster_options options = {0};
    struct ht_cluster *cluster = NULL;
    enum ht_rc rc = HT_OK;
    if (c->cluster == NULL) {
        rc = ht_cluster_acquire(&options, &cluster, err);
        if (rc == HT_OK)
            rc = set_up_private(c, ht_cluster_dsn(cluster), err);
        if (rc != HT_OK) {
            release(cluster);
            return rc;
        }
        c->cluster = cluster;
    }
    *ret = ht_cluster_dsn(c->cluster);
    return HT_OK;
}

enum ht_rc ht_ctx_worker_dsn(struct ht_ctx *c, const char **ret, struct ht_err *err)
{
    bool by_file = c->database.source == HT_DATABASE_FILE || c->database.source == HT_DATABASE_CHOSEN;
    if (!by_file || c->config.worker_dsn == NULL)
        return ht_ctx_dsn(c, ret, err);
    *ret = c->config.worker_dsn;
    return HT_OK;
}

/* The connection --------------------------------------------------------------------------------------------------- */

static enum ht_rc open_conn(struct ht_ctx *c, bool any_schema, struct ht_conn **ret, struct ht_err *err)
{
    char application[64];
    struct ht_conn_options o = {.any_schema = any_schema, .readonly = c->readonly, .application = application};
    snprintf(application, sizeof application, "hooktop %s", c->args->command->name);
    enum ht_rc rc = ht_ctx_dsn(c, &o.dsn, err);
    return rc == HT_OK ? ht_conn_open(&o, ret, err) : rc;
}

enum ht_rc ht_ctx_conn(struct ht_ctx *c, struct ht_conn **ret, struct ht_err *err)
{
    enum ht_rc rc = c->conn == NULL ? open_conn(c, false, &c->conn, err) : HT_OK;
    if (rc == HT_OK)
        *ret = c->conn;
    return rc;
}

enum ht_rc ht_ctx_conn_any_schema(struct ht_ctx *c, struct ht_conn **ret, struct ht_err *err)
{
    enum ht_rc rc = c->conn == NULL ? open_conn(c, true, &c->conn, err) : HT_OK;
    if (rc == HT_OK)
        *ret = c->conn;
    return rc;
}

enum ht_rc ht_ctx_conn_another(struct ht_ctx *c, struct ht_conn **ret, struct ht_err *err)
{
    return open_conn(c, true, ret, err);
}

enum ht_rc ht_ctx_ring(struct ht_ctx *c, const struct ht_ring **ret, struct ht_err *err)
{
    const struct ht_ring_source from = {c->config.vault_key_file, c->config.vault_key_command};
    enum ht_rc rc = c->ring == NULL ? ht_ring_open(&from, &c->ring, err) : HT_OK;
    if (rc == HT_OK)
        *ret = c->ring;
    return rc;
}

enum ht_rc ht_ctx_ops(struct ht_ctx *c, struct ht_ops *ret, struct ht_err *err)
{
    struct ht_ops o = {.egress = &c->config.egress, .reason = c->reason};
    enum ht_rc rc = ht_ctx_conn(c, &o.conn, err);
    if (rc != HT_OK)
        return rc;
    ht_err_clear(&c->no_ring);
    if (ht_ctx_ring(c, &o.ring, &c->no_ring) != HT_OK)
        o.no_ring = &c->no_ring;
    *ret = o;
    return HT_OK;
}
