#include "delivery_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hooktop/cli/setup.h"

void lab_must(enum ht_rc rc, const struct ht_err *err)
{
    char line[2048];
    if (rc != HT_OK) {
        ht_err_line(err, line, sizeof line);
        fail_msg("%s", line);
    }
}

/* Life ------------------------------------------------------------------------------------------------------------- */

static void fill_nothing(const char *dsn)
{
    (void)dsn;
}

static void make_database(struct lab *w)
{
    char *dir = ht_test_dir(), path[512];
    enum ht_ring_outcome outcome;
    struct ht_conn_options o = {.application = "test", .timeout_ms = 60000, .any_schema = true};
    snprintf(path, sizeof path, "%s/key-ring", dir);
    free(dir);
    w->ring_path = ht_strdup(path);
    w->dsn = ht_test_db_new("empty_for_delivery", fill_nothing);
    o.dsn = w->dsn;
    LAB_OK(ht_conn_open(&o, &w->c, &err));
    LAB_OK(ht_setup_apply(w->c, &(struct ht_ring_source){.file = path}, &outcome, &err));
    LAB_OK(ht_ring_load(path, &w->ring, &err));
}

int lab_setup(void **state)
{
    struct lab *w = ht_alloc(1, sizeof *w);
    const struct ht_receiver_options o = {.record = true, .keep_bodies = true};
    *state = w;
    ht_secret_init_process();
    make_database(w);
    ht_egress_init(&w->egress);
    LAB_OK(ht_egress_set(&w->egress, "http", "yes", &err));
    LAB_OK(ht_egress_set(&w->egress, "allow", "127.0.0.1/32:1-65535", &err));
    w->ops = (struct ht_ops){.conn = w->c, .egress = &w->egress, .ring = w->ring};
    LAB_OK(ht_receiver_start(&o, &w->receiver, &err));
    w->tenant = lab_tenant(w, "Acme", "standard");
    return 0;
}

int lab_teardown(void **state)
{
    struct lab *w = *state;
    if (w->engine) {
        ht_engine_stop(w->engine);
        ht_engine_stop(w->engine);
        pthread_join(w->thread, NULL);
        ht_engine_free(w->engine);
    }
    ht_receiver_stop(w->receiver);
    ht_tenant_fini(&w->tenant);
    ht_conn_close(w->c);
    ht_ring_free(w->ring);
    ht_test_db_free(w->dsn);
    free(w->ring_path);
    free(w);
    return 0;
}

struct ht_tenant lab_tenant(struct lab *w, const char *name, const char *profile)
{
    struct ht_tenant t = {0};
    struct ht_uuid id;
    char text[HT_UUID_TEXT];
    LAB_OK(ht_store_tenant_add(w->c, name, profile, &id, &err));
    ht_uuid_format(&id, text);
    LAB_OK(ht_store_tenant_find(w->c, text, &t, &err));
    return t;
}

/* Endpoints -------------------------------------------------------------------------------------------------------- */

void lab_route(struct lab *w, const struct lab_endpoint *e)
{
    const struct ht_verify_key key = {.secret = e->secret, .public_key = e->public_key};
    ht_receiver_route(w->receiver, &(struct ht_route){.path = e->path,
                                                      .profile = ht_profile_find(e->row.profile),
                                                      .keys = &key,
                                                      .keys_len = 1,
                                                      .answer = e->answer,
                                                      .arg = e->arg,
                                                      .text = e->text});
}

void lab_answers(struct lab *w, struct lab_endpoint *e, enum ht_answer answer, int64_t arg)
{
    e->answer = answer;
    e->arg = arg;
    lab_route(w, e);
}

static void fill_settings(struct lab *w, struct lab_endpoint *e)
{
    char url[512];
    struct ht_endpoint *row = &e->row;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", ht_receiver_port(w->receiver), e->path ? e->path : "");
    row->url = ht_strdup(e->url ? e->url : url);
    row->profile = ht_strdup(e->profile ? e->profile : e->tenant->profile);
    row->timeout_ms = e->timeout_ms > 0 ? e->timeout_ms : 30000;
    row->in_flight_max = e->in_flight_max;
    row->rate_per_s = e->rate_per_s;
    while (row->schedule_len < HT_COUNT(e->schedule_s) && e->schedule_s[row->schedule_len] > 0) {
        row->schedule_s[row->schedule_len] = e->schedule_s[row->schedule_len];
        row->schedule_len++;
    }
    if (row->schedule_len == 0) {
        row->schedule_s[row->schedule_len++] = 60;
    }
    if (e->header[0]) {
        row->headers[0] = (struct ht_header){.name = ht_strdup(e->header[0]), .value = ht_strdup(e->header[1])};
        row->headers_len = 1;
    }
}

void lab_endpoint(struct lab *w, struct lab_endpoint *e)
{
    static const char *const everything[] = {"*"};
    e->tenant = e->tenant ? e->tenant : &w->tenant;
    fill_settings(w, e);
    LAB_OK(ht_ops_endpoint_add(&w->ops, e->tenant, &e->row, everything, 1, NULL, &e->secret, &e->public_key, &err));
    if (e->path) {
        lab_route(w, e);
    }
}

void lab_endpoint_fini(struct lab_endpoint *e)
{
    ht_endpoint_fini(&e->row);
    ht_secret_free(e->secret);
    free(e->public_key);
}

void lab_hasten(struct lab *w, const struct lab_endpoint *e)
{
    HT_AUTOFREE char *any = lab_text(w, e,
                                     "UPDATE hooktop.tenant_webhook_outbox SET due_at = clock_timestamp() WHERE "
                                     "endpoint_id = %s AND lease_id IS NULL RETURNING 1");
    assert_non_null(any);
}

int32_t lab_emit(struct lab *w, const struct ht_tenant *t, const char *type, const char *data)
{
    char tenant[HT_UUID_TEXT];
    struct ht_uuid event;
    int32_t deliveries = 0;
    ht_uuid_format(t ? &t->id : &w->tenant.id, tenant);
    const struct ht_emit_input in = {.tenant = tenant,
                                     .type = type,
                                     .data = data,
                                     .data_len = strlen(data),
                                     .source = "api",
                                     .performed_by = "test",
                                     .event_name = "Test"};
    LAB_OK(ht_store_emit(w->c, &in, &event, &deliveries, &err));
    return deliveries;
}

void lab_emit_many(struct lab *w, int n)
{
    char tenant[HT_UUID_TEXT], sql[256];
    ht_uuid_format(&w->tenant.id, tenant);
    snprintf(sql, sizeof sql,
             "SELECT hooktop.emit('%s', 'many.sent', json_build_object('n', i)) FROM generate_series(1, %d) i", tenant,
             n);
    ht_test_sql(w->dsn, sql);
}

/* Engine ----------------------------------------------------------------------------------------------------------- */

static void *run(void *user)
{
    struct lab *w = user;
    w->engine_rc = ht_engine_run(w->engine, &w->engine_err);
    return NULL;
}

static void report(void *user, int level, const char *text)
{
    (void)user;
    print_message("# engine (%d): %s\n", level, text);
}

void lab_start(struct lab *w, const struct ht_engine_options *given)
{
    struct ht_engine_options o = {0};
    if (given) {
        o = *given;
    }
    o.dsn = o.dsn ? o.dsn : w->dsn;
    o.ring = w->ring;
    o.egress = o.egress ? o.egress : &w->egress;
    o.report = report;
    w->engine_err = (struct ht_err){0};
    LAB_OK(ht_engine_new(&o, &w->engine, &err));
    assert_int_equal(pthread_create(&w->thread, NULL, run, w), 0);
}

void lab_join(struct lab *w)
{
    pthread_join(w->thread, NULL);
    ht_engine_free(w->engine);
    w->engine = NULL;
    lab_must(w->engine_rc, &w->engine_err);
}

void lab_stop(struct lab *w)
{
    ht_engine_stop(w->engine);
    lab_join(w);
}

struct ht_engine_figures lab_figures(struct lab *w)
{
    struct ht_engine_figures f;
    ht_engine_figures(w->engine, &f);
    return f;
}

/* Questions -------------------------------------------------------------------------------------------------------- */

char *lab_text(struct lab *w, const struct lab_endpoint *e, const char *sql)
{
    char id[HT_UUID_TEXT], text[2048];
    const char *at = strstr(sql, "%s");
    if (!at) {
        return ht_test_sql_value(w->dsn, sql);
    }
    ht_uuid_format(&e->row.id, id);
    snprintf(text, sizeof text, "%.*s'%s'%s", (int)(at - sql), sql, id, at + 2);
    return ht_test_sql_value(w->dsn, text);
}

int64_t lab_int(struct lab *w, const struct lab_endpoint *e, const char *sql)
{
    HT_AUTOFREE char *text = lab_text(w, e, sql);
    return text ? strtoll(text, NULL, 10) : -1;
}

/* Spy -------------------------------------------------------------------------------------------------------------- */

void lab_spy_open(struct lab_spy *s)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof in;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&in, &len), 0);
    s->port = ntohs(in.sin_port);
}

int lab_spy_count(struct lab_spy *s)
{
    int n = 0;
    for (int fd; (fd = accept(s->fd, NULL, NULL)) >= 0; n++) {
        close(fd);
    }
    return n;
}

void lab_spy_close(struct lab_spy *s)
{
    close(s->fd);
}
