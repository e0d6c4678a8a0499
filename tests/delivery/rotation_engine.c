/* Secrets change every moment while an engine delivers. Afterwards every request is judged with every secret there ever
 * was, against the times that stand in the database. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "delivery_lab.h"
#include "hooktop/base/clock.h"
#include "hooktop/profile/profile.h"

#define GENERATIONS 64
#define OVERLAP_MS  1200

struct judge {
    struct lab *w;
    const struct lab_endpoint *e;
    const struct ht_profile *profile;
    struct ht_secret *secrets[GENERATIONS]; /* [0] is generation 1 */
    int n;
    int requests, wrong;
    int by_two; /* requests that two secrets signed */
    char why[512];
};

/* "3,2" names 3. */
static bool names(const char *generations, int generation)
{
    for (const char *at = generations; *at;) {
        if (strtol(at, NULL, 10) == generation)
            return true;
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return false;
}

/* The header block as it came, into name and value. */
static size_t split_headers(char *head, struct ht_header *ret, size_t max)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *line = strtok_r(head, "\r\n", &rest); line && n < max; line = strtok_r(NULL, "\r\n", &rest)) {
        char *colon = strchr(line, ':');
        if (!colon) /* the request line */
            continue;
        *colon = '\0';
        ret[n++] = (struct ht_header){line, colon + 1 + strspn(colon + 1, " ")};
    }
    return n;
}

struct kept {
    char *delivery, *body, *head;
    int32_t attempt;
};
struct keeping {
    struct kept *rows;
    size_t n;
};

static void keep(void *user, const struct ht_recorded *r)
{
    struct keeping *k = user;
    k->rows = ht_realloc(k->rows, k->n + 1, sizeof *k->rows);
    k->rows[k->n++] =
        (struct kept){ht_strdup(r->delivery), ht_strndup(r->body, r->body_len), ht_strdup(r->head), r->attempt};
}

static void judge(struct judge *j, const struct kept *r)
{
    struct ht_header headers[32];
    size_t n = split_headers(r->head, headers, HT_COUNT(headers));
    char sql[512];
    snprintf(sql, sizeof sql, "SELECT secret_ids FROM hooktop.attempt WHERE delivery_id = '%s' AND n = %d", r->delivery,
             r->attempt);
    HT_AUTOFREE char *generations = ht_test_sql_value(j->w->dsn, sql);
    const struct ht_received got = {.headers = headers,
                                    .headers_len = n,
                                    .body = r->body,
                                    .body_len = strlen(r->body),
                                    .now_s = ht_wall_us() / 1000000,
                                    .tolerance_s = -1};
    int signers = 0;
    j->requests++;
    for (int i = 0; generations && i < j->n; i++) {
        const struct ht_verify_key key = {.secret = j->secrets[i]};
        struct ht_verdict v;
        LAB_OK(j->profile->verify(&got, &key, 1, &v, &err));
        signers += v.ok;
        if (v.ok != names(generations, i + 1)) {
            j->wrong++;
            snprintf(j->why, sizeof j->why, "signed by %s, and generation %d %s: %s", generations, i + 1,
                     v.ok ? "verifies" : "does not", v.why);
        }
    }
    j->wrong += !generations;
    j->by_two += signers > 1;
}

static void change(struct judge *j, int step)
{
    struct ht_err err = {0};
    struct ht_uuid id;
    struct ht_secret *fresh = NULL;
    struct ht_secret_meta ended = {0};
    char *public_key = NULL;
    if (step % 4 == 3 && ht_ops_revoke(&j->w->ops, &j->w->tenant, &j->e->row, 0, &ended, &err) == HT_OK) {
        ht_secret_meta_fini(&ended);
        return;
    }
    ht_err_clear(&err);
    int64_t ms = step % 5 == 4 ? 0 : OVERLAP_MS;
    if (ht_ops_rotate(&j->w->ops, &j->e->row, ms, &id, &fresh, &public_key, &err) != HT_OK) {
        assert_non_null(strstr(err.why, "three generations"));
        return;
    }
    assert_true(j->n < GENERATIONS);
    j->secrets[j->n++] = fresh;
}

/* Each attempt's own time lies within the times of every generation that signed it. Of an end that was set after a row
 * was claimed the engine does not hear, for as long as a lease lasts; for what was emitted since no generation signs
 * one microsecond longer. */
static void check_times(struct lab *w)
{
    static const char used[] = " FROM hooktop.attempt a, unnest(string_to_array(a.secret_ids, ',')::int[]) g"
                               " JOIN hooktop.secret s ON s.generation = g WHERE a.secret_ids IS NOT NULL";
    char sql[1024];
    snprintf(sql, sizeof sql, "SELECT count(*)%s AND a.at < s.signs_from - interval '5 ms'", used);
    assert_int_equal(ht_test_sql_int(w->dsn, sql), 0);
    snprintf(
        sql, sizeof sql,
        "SELECT count(*)%s AND a.at >= s.signs_until AND s.signs_until NOT IN (SELECT (detail ->> 'cut')::timestamptz"
        " FROM hooktop.audit WHERE action = 'secret.rotated') AND a.at > s.signs_until + interval '75 s'",
        used);
    assert_int_equal(ht_test_sql_int(w->dsn, sql), 0);
    snprintf(
        sql, sizeof sql,
        "SELECT count(*)%s AND a.at >= s.signs_until + interval '5 ms' AND EXISTS (SELECT FROM hooktop.audit r WHERE"
        " r.action = 'secret.rotated' AND (r.detail ->> 'cut')::timestamptz = s.signs_until"
        " AND r.at < (SELECT d.created_at FROM hooktop.delivery d WHERE d.id = a.delivery_id))",
        used);
    assert_int_equal(ht_test_sql_int(w->dsn, sql), 0);
}

/* However slow this machine is: requests to judge, and enough among them that two secrets signed. */
static bool seen_enough(struct lab *w, int32_t emitted)
{
    return emitted >= 150 && ht_test_sql_int(w->dsn, "SELECT count(*) FROM hooktop.attempt WHERE secret_ids LIKE "
                                                     "'%,%'") >= 20 + emitted / 10;
}

static void every_request_is_signed_by_what_was_in_force(void **state)
{
    struct lab *w = *state;
    struct lab_endpoint e = {.path = "/a"};
    struct keeping k = {0};
    lab_endpoint(w, &e);
    /* the receiver takes everything: the judging is done here */
    const struct ht_route any = {.path = "/a", .answer = HT_ANSWER_STATUS, .arg = 200};
    ht_receiver_route(w->receiver, &any);
    struct judge j = {.w = w, .e = &e, .profile = ht_profile_find("standard"), .n = 1};
    j.secrets[0] = e.secret;
    lab_start(w, NULL);
    int32_t emitted = 0;
    for (int step = 0; step < 24 || (!seen_enough(w, emitted) && j.n < GENERATIONS); step++) {
        int64_t until = ht_test_deadline_us(250);
        change(&j, step);
        do {
            emitted += lab_emit(w, NULL, "thing.happened", "{\"n\":1}");
            ht_test_pause();
        } while (!ht_test_passed(until));
    }
    LAB_UNTIL(w, &e, LAB_WITH_STATUS("succeeded"), emitted);
    lab_stop(w);
    check_times(w);
    ht_receiver_each(w->receiver, keep, &k);
    for (size_t i = 0; i<k.n; i += k.n> 400 ? k.n / 400 : 1)
        judge(&j, &k.rows[i]);
    if (j.wrong)
        fail_msg("%d of %d: %s", j.wrong, j.requests, j.why);
    assert_true(j.requests >= 100 && j.by_two >= 20 && j.n >= 8);
    print_message("# %d requests, %d secrets, %d signed by two\n", (int)emitted, j.n, j.by_two);
    for (size_t i = 0; i < k.n; i++) {
        free(k.rows[i].delivery);
        free(k.rows[i].body);
        free(k.rows[i].head);
    }
    free(k.rows);
    for (int i = 1; i < j.n; i++)
        ht_secret_free(j.secrets[i]);
    lab_endpoint_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_request_is_signed_by_what_was_in_force, lab_setup, lab_teardown),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
