/* Inside store: bound parameters in PostgreSQL's binary form, rows read by a table of columns, the way to connect and
 * check a server, and what its errors mean. Used by the blocking calls (conn.c, one file per noun) and by the lane.
 *
 * Parameters: ht_params_init, any number of ht_put_*, then ht_params_bind (or ht_conn_query); $1 is what was put first.
 * ht_put_array(p, type, n) makes the next n puts the elements of one array. NULL strings, NULL bytes and the time 0 are
 * SQL NULLs. Nothing is ever pasted into SQL text.
 *
 * Rows: every statement asks for binary results. A struct ht_col says which SQL expression a field is read from; the
 * same table writes the select list (ht_sql_columns) and reads the rows (ht_rows_read).
 */
#ifndef HOOKTOP_STORE_QUERY_H
#define HOOKTOP_STORE_QUERY_H

#include <libpq-fe.h>
#include "hooktop/base/buf.h"
#include "hooktop/store/conn.h"

/* Types by their fixed numbers in pg_type.dat. */
enum ht_pg_type {
    HT_PG_BOOL = 16,
    HT_PG_BYTEA = 17,
    HT_PG_INT8 = 20,
    HT_PG_INT4 = 23,
    HT_PG_TEXT = 25,
    HT_PG_JSON = 114,
    HT_PG_FLOAT8 = 701,
    HT_PG_TIMESTAMPTZ = 1184,
    HT_PG_UUID = 2950,
};

#define HT_SQL_MAX (64u * 1024u) /* bytes of one composed statement */

/* parameters ------------------------------------------------------------------------------------------------------- */
#define HT_PARAMS_MAX       64
#define HT_PARAMS_MAX_BYTES (64u * 1024u * 1024u)

struct ht_params {
    int n;
    Oid types[HT_PARAMS_MAX];
    size_t at[HT_PARAMS_MAX]; /* where the value begins in `bytes` */
    int lengths[HT_PARAMS_MAX];
    bool nulls[HT_PARAMS_MAX];
    size_t elements_left; /* of the array being filled */
    struct ht_buf bytes;
    /* as libpq wants them; made by ht_params_bind */
    const char *values[HT_PARAMS_MAX];
    int formats[HT_PARAMS_MAX];
};
void ht_params_init(struct ht_params *p);
void ht_params_fini(struct ht_params *p);
#define HT_PARAMS_CLEANUP HT_CLEANUP(ht_params_fini)
/* Fills values and formats. HT_USAGE when the parameters are too large. */
HT_MUST_CHECK enum ht_rc ht_params_bind(struct ht_params *p, struct ht_err *err);

void ht_put_uuid(struct ht_params *p, const struct ht_uuid *u); /* NULL: SQL NULL */
void ht_put_text(struct ht_params *p, const char *s);
void ht_put_textn(struct ht_params *p, const char *s, size_t len);
void ht_put_json(struct ht_params *p, const char *s, size_t len);
void ht_put_bytes(struct ht_params *p, const void *bytes, size_t len);
void ht_put_i32(struct ht_params *p, int32_t v);
void ht_put_i64(struct ht_params *p, int64_t v);
void ht_put_f64(struct ht_params *p, double v);
void ht_put_bool(struct ht_params *p, bool v);
void ht_put_time(struct ht_params *p, int64_t us); /* since 1970; 0: SQL NULL */
void ht_put_null(struct ht_params *p, enum ht_pg_type type);
void ht_put_array(struct ht_params *p, enum ht_pg_type element, size_t n);

/* rows ------------------------------------------------------------------------------------------------------------- */
enum ht_col_kind {
    HT_COL_UUID,  /* struct ht_uuid */
    HT_COL_TEXT,  /* char *, owned; from text, json, or anything cast to text */
    HT_COL_BYTES, /* owned bytes and their length; from bytea, text or json; followed by a NUL */
    HT_COL_I32,   /* int32_t, from int2, int4, int8 */
    HT_COL_I64,   /* int64_t, from the same */
    HT_COL_F64,   /* double, from float8 */
    HT_COL_BOOL,
    HT_COL_TIME, /* int64_t microseconds since 1970, from timestamptz; the infinities are INT64_MIN and INT64_MAX */
    HT_COL_WORD, /* an enum, from the text of one of `words` */
    HT_COL_OWN,  /* read by a function: arrays, JSON */
};
struct ht_col {
    const char *sql; /* the expression of the select list */
    enum ht_col_kind kind;
    size_t at;     /* offset of the field */
    size_t len_at; /* HT_COL_BYTES: offset of a size_t */
    const struct ht_word *words;
    int words_len;
    enum ht_rc (*read)(const char *value, size_t len, void *row, struct ht_err *err);
};
#define HT_COL(expr, record, field, KIND)                                                                              \
    {                                                                                                                  \
        .sql = expr, .kind = HT_COL_##KIND, .at = offsetof(struct record, field)                                       \
    }
#define HT_COL_OF_BYTES(expr, record, field, len_field)                                                                \
    {                                                                                                                  \
        .sql = expr, .kind = HT_COL_BYTES, .at = offsetof(struct record, field),                                       \
        .len_at = offsetof(struct record, len_field)                                                                   \
    }
#define HT_COL_OF_WORDS(expr, record, field, table)                                                                    \
    {                                                                                                                  \
        .sql = expr, .kind = HT_COL_WORD, .at = offsetof(struct record, field), .words = table,                        \
        .words_len = (int)HT_COUNT(table)                                                                              \
    }
#define HT_COL_BY(expr, function)                                                                                      \
    {                                                                                                                  \
        .sql = expr, .kind = HT_COL_OWN, .read = function                                                              \
    }

/* Appends "a, b, c". */
void ht_sql_columns(struct ht_buf *sql, const struct ht_col *cols, size_t n_cols);
/* Fills `n` zeroed records of `size` bytes from the first n rows. SQL NULL leaves a field zero. On failure the records
 * hold what was read so far and are the caller's to free. */
HT_MUST_CHECK enum ht_rc ht_rows_read(const PGresult *r, const struct ht_col *cols, size_t n_cols, void *records,
                                      size_t size, size_t n, struct ht_err *err);
/* Elements of a binary one-dimensional array, one after another; *cursor starts at 0. False: at the end, or the bytes
 * are no such array. A NULL element comes as *ret_len = -1. */
bool ht_array_next(const char *value, size_t len, size_t *cursor, const char **ret_element, int32_t *ret_len);
int32_t ht_read_i32(const char *value);
int64_t ht_read_i64(const char *value);
int64_t ht_read_time(const char *value); /* microseconds since 1970 */

/* servers ---------------------------------------------------------------------------------------------------------- */
/* Begins to connect (PQconnectPoll goes on), with hooktop's defaults for what the dsn leaves open. Never NULL. */
PGconn *ht_pg_start(const struct ht_conn_options *o);
int ht_pg_hosts(const PGconn *pg); /* how many the dsn names */
/* What to lay over a dsn that leads beyond this machine (docs/security.md, "The way to the database"); NULL: what the
 * dsn says stands. The strings are static. */
struct ht_pg_protection {
    const char *sslmode;
    const char *sslrootcert;
    const char *channel_binding;
    const char *gssencmode;
};
void ht_pg_protect(const char *dsn, struct ht_pg_protection *ret);
/* Beyond this machine, without TLS that has verified who the server is. */
bool ht_pg_is_exposed(PGconn *pg);
/* What to do about a failure of TLS or of the login's protection; NULL: it is none. */
const char *ht_pg_tls_remedy(const char *message);
/* The one statement to run first on a fresh connection, and the verdict on its result: primary, version, encoding,
 * schema. It also sets the session up. */
void ht_pg_check_statement(const struct ht_conn_options *o, struct ht_buf *sql);
HT_MUST_CHECK enum ht_rc ht_pg_check_result(const PGconn *pg, const PGresult *r, const struct ht_conn_options *o,
                                            struct ht_err *err);
/* The patience of one call, the default filled in. */
int32_t ht_pg_timeout_ms(const struct ht_conn_options *o);
/* How long the server may work at one statement so that it gives up before a caller with this patience does. */
int32_t ht_pg_statement_timeout_ms(int32_t timeout_ms);
/* Fails with what the server said about `r`, or (r NULL) about the connection. */
enum ht_rc ht_pg_fail(const PGconn *pg, const PGresult *r, const char *what, struct ht_err *err);
/* Whether an SQLSTATE means that the connection is of no more use. */
bool ht_pg_state_is_lost(const char *sqlstate);

/* blocking calls --------------------------------------------------------------------------------------------------- */
struct ht_stmt {
    const char *what; /* for errors: "delivery list" */
    const char *sql;
    const char *name; /* not NULL: prepared once per connection under this name */
};
/* Runs one statement; *ret is cleared by the caller (PQclear). Commands succeed with zero rows. `p` may be NULL. */
HT_MUST_CHECK enum ht_rc ht_conn_query(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p, PGresult **ret,
                                       struct ht_err *err);
/* The same for statements that answer nothing. */
HT_MUST_CHECK enum ht_rc ht_conn_do(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p,
                                    struct ht_err *err);
/* Several statements without parameters (a file of sql/), as the server splits them. */
HT_MUST_CHECK enum ht_rc ht_conn_script(struct ht_conn *c, const char *what, const char *sql, struct ht_err *err);
int32_t ht_conn_timeout_ms(const struct ht_conn *c);
/* The server's clock as it was when the connection was made, gone on with ours: for bounds that need not be sharp. */
int64_t ht_conn_clock_us(const struct ht_conn *c);
/* Two parameters, ids of a day ago and of a day hence. What now() is, the planner does not know: with times that it
 * does it leaves out the partitions of other days, which would take it longer to plan for than a page takes. A
 * delivery's id is of the time it was made at, so none is of tomorrow. */
void ht_put_days(struct ht_params *p, const struct ht_conn *c);
/* Another deadline per call, here and on the server, from now on. */
HT_MUST_CHECK enum ht_rc ht_conn_patience(struct ht_conn *c, int32_t timeout_ms, struct ht_err *err);
/* One record from the first row; HT_NOT_FOUND (with an empty why, for the caller to word) when there is none. */
HT_MUST_CHECK enum ht_rc ht_conn_one(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p,
                                     const struct ht_col *cols, size_t n_cols, void *record, size_t size,
                                     struct ht_err *err);
/* Borrowed until the next call; NULL: lost. For what libpq knows without asking the server. */
PGconn *ht_conn_pg(const struct ht_conn *c);
void ht_pg_clear(PGresult **r);
#define HT_RESULT_CLEANUP HT_CLEANUP(ht_pg_clear)

/* Defines a function that runs a statement and reads its rows into a list; one row beyond `limit` sets `more`
 * (limit 0: all rows, no page). */
#define HT_LIST_READER(function, list)                                                                                 \
    static enum ht_rc function(struct ht_conn *c, const struct ht_stmt *s, struct ht_params *p,                        \
                               const struct ht_col *cols, size_t n_cols, int32_t limit, struct list *ret,              \
                               struct ht_err *err)                                                                     \
    {                                                                                                                  \
        HT_CLEANUP(list##_fini) struct list l = {0};                                                                   \
        HT_RESULT_CLEANUP PGresult *r = NULL;                                                                          \
        enum ht_rc rc = ht_conn_query(c, s, p, &r, err);                                                               \
        if (rc != HT_OK)                                                                                               \
            return rc;                                                                                                 \
        l.n = (size_t)PQntuples(r);                                                                                    \
        l.more = limit > 0 && l.n > (size_t)limit;                                                                     \
        if (l.more)                                                                                                    \
            l.n = (size_t)limit;                                                                                       \
        l.rows = ht_alloc(l.n, sizeof(*l.rows));                                                                       \
        rc = ht_rows_read(r, cols, n_cols, l.rows, sizeof(*l.rows), l.n, err);                                         \
        if (rc == HT_OK) {                                                                                             \
            *ret = l;                                                                                                  \
            l = (struct list){0};                                                                                      \
        }                                                                                                              \
        return rc;                                                                                                     \
    }

#endif
