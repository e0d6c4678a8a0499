#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktop/base/write.h"
#include "hooktop/cli/commands.h"
#include "hooktop/cli/context.h"
#include "hooktop/cli/metrics.h"
#include "hooktop/cli/output.h"
#include "hooktop/store/health.h"
#include "hooktop/store/setup.h"

static enum ht_rc cannot_write(const char *path, struct ht_err *err)
{
    return ht_fail(err, HT_FAILED, path, "name a file in a directory that this user may write", "cannot write it: %s",
                   strerror(errno));
}

/* Whole or not at all: whoever reads it meanwhile finds the file of before. */
static enum ht_rc replace_file(const char *path, const struct ht_buf *text, struct ht_err *err)
{
    struct ht_buf made HT_BUF_CLEANUP;
    ht_buf_init(&made, 8192);
    ht_buf_addf(&made, "%s.XXXXXX", path); /* not *.prom: the collector leaves it alone */
    int fd = made.over ? -1 : mkostemp(made.data, O_CLOEXEC);
    if (fd < 0)
        return cannot_write(path, err);
    bool good = ht_write_all(fd, text->data, text->len) && fchmod(fd, 0644) == 0;
    good = close(fd) == 0 && good;
    good = good && rename(made.data, path) == 0;
    if (good)
        return HT_OK;
    enum ht_rc rc = cannot_write(path, err);
    unlink(made.data);
    return rc;
}

static enum ht_rc metrics(struct ht_ctx *ctx, struct ht_conn *conn, const char *file, struct ht_err *err)
{
    HT_CLEANUP(ht_stats_fini) struct ht_stats stats = {0};
    HT_CLEANUP(ht_workers_fini) struct ht_workers workers = {0};
    HT_CLEANUP(ht_troubles_fini) struct ht_troubles troubles = {0};
    const struct ht_health_limits limits = {ctx->config.alert_backlog_after_ms,
                                            (int64_t)ctx->config.alert_rotate_after_days * 86400000};
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, HT_METRICS_MAX);
    enum ht_rc rc = ht_store_stats(conn, &stats, err);
    if (rc == HT_OK)
        rc = ht_store_workers(conn, &workers, err);
    if (rc == HT_OK)
        rc = ht_store_health(conn, &limits, &troubles, err);
    if (rc != HT_OK)
        return rc;
    ht_metrics(&stats, &workers, &troubles, ht_store_schema_version(), &text);
    if (file != NULL)
        return replace_file(file, &text, err);
    ht_out_bytes(text.data, text.len);
    return HT_OK;
}

enum ht_rc ht_cmd_stats(struct ht_ctx *ctx, const struct ht_args *args, struct ht_err *err)
{
    HT_CLEANUP(ht_stats_fini) struct ht_stats stats = {0};
    const char *file = args->opt[HT_OPT_TEXTFILE].text;
    struct ht_conn *conn;
    enum ht_rc rc = ht_ctx_conn(ctx, &conn, err);
    if (rc == HT_OK && (args->opt[HT_OPT_PROMETHEUS].given || file != NULL))
        return metrics(ctx, conn, file, err);
    if (rc == HT_OK)
        rc = ht_store_stats(conn, &stats, err);
    if (rc == HT_OK)
        ht_out_rows(ctx->json, &ht_kind_stats, stats.rows, stats.n, stats.more);
    return rc;
}
