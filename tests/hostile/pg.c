/* A database that lies: linked into the whole program in place of libpq's own ways to read an answer (see the
 * Makefile), it puts the bytes of the file HT_HOSTILE into every text and every byte string that comes from the
 * database, and into what the server says of errors. Words of closed vocabularies, names of profiles and ids stay,
 * because the program refuses a row with any other; so do sealed secrets and empty texts.
 *
 * A delivery's body, which the program builds from the event, is those bytes too.
 * HT_HOSTILE_ASCII: another file, for columns whose name holds "url" (there the program shows ASCII alone). */
#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktop/base/err.h"
#include "hooktop/model/replay.h"
#include "hooktop/model/words.h"
#include "hooktop/ops/ops.h"
#include "hooktop/profile/profile.h"

/* pg_type.h */
enum { BYTEA = 17, NAME = 19, TEXT = 25, VARCHAR = 1043 };

char *__real_PQgetvalue(const PGresult *r, int row, int col);
int __real_PQgetlength(const PGresult *r, int row, int col);
char *__real_PQresultErrorField(const PGresult *r, int field);
char *__wrap_PQgetvalue(const PGresult *r, int row, int col);
int __wrap_PQgetlength(const PGresult *r, int row, int col);
char *__wrap_PQresultErrorField(const PGresult *r, int field);
enum ht_rc __real_ht_ops_body(const struct ht_event *event, const char *profile, struct ht_buf *ret,
                              struct ht_err *err);
enum ht_rc __wrap_ht_ops_body(const struct ht_event *event, const char *profile, struct ht_buf *ret,
                              struct ht_err *err);

struct lie {
    const char *variable;
    char bytes[4096];
    size_t len; /* 0: the truth */
};
static struct lie general = {.variable = "HT_HOSTILE"}, ascii = {.variable = "HT_HOSTILE_ASCII"};

static void read_lie(struct lie *l)
{
    const char *path = getenv(l->variable);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t n = fd >= 0 ? read(fd, l->bytes, sizeof l->bytes - 1) : 0;
    l->len = n > 0 ? (size_t)n : 0;
    if (fd >= 0)
        close(fd);
}

__attribute__((constructor)) static void read_lies(void)
{
    read_lie(&general);
    read_lie(&ascii);
}

static bool among(const struct ht_word *words, int n, const char *value)
{
    return ht_word_find(words, n, value) >= 0;
}

static bool is_word(const char *value)
{
    struct ht_uuid id;
    return !*value || ht_uuid_parse(value, &id) || ht_profile_find(value) ||
           among(ht_delivery_words, HT_DELIVERY_STATUS_COUNT, value) ||
           among(ht_endpoint_words, HT_ENDPOINT_STATUS_COUNT, value) ||
           among(ht_type_words, HT_TYPE_STATE_COUNT, value) || among(ht_secret_words, HT_SECRET_STATE_COUNT, value) ||
           among(ht_attempt_words, HT_ATTEMPT_ERROR_COUNT, value) ||
           among(ht_replay_words, HT_REPLAY_STATE_COUNT, value);
}

static struct lie *lie_for(const PGresult *r, int row, int col)
{
    Oid type = PQftype(r, col);
    const char *name = PQfname(r, col);
    bool text = type == TEXT || type == NAME || type == VARCHAR;
    if ((!text && type != BYTEA) || PQgetisnull(r, row, col) || (text && is_word(__real_PQgetvalue(r, row, col))))
        return NULL;
    if (name && strstr(name, "sealed")) /* or nothing that needs a secret would come any further */
        return NULL;
    struct lie *l = name && strstr(name, "url") && ascii.len > 0 ? &ascii : &general;
    return l->len > 0 ? l : NULL;
}

char *__wrap_PQgetvalue(const PGresult *r, int row, int col)
{
    struct lie *l = lie_for(r, row, col);
    return l ? l->bytes : __real_PQgetvalue(r, row, col);
}

int __wrap_PQgetlength(const PGresult *r, int row, int col)
{
    const struct lie *l = lie_for(r, row, col);
    return l ? (int)l->len : __real_PQgetlength(r, row, col);
}

char *__wrap_PQresultErrorField(const PGresult *r, int field)
{
    bool said = field == PG_DIAG_MESSAGE_PRIMARY || field == PG_DIAG_MESSAGE_DETAIL || field == PG_DIAG_MESSAGE_HINT;
    return said && general.len > 0 ? general.bytes : __real_PQresultErrorField(r, field);
}

enum ht_rc __wrap_ht_ops_body(const struct ht_event *event, const char *profile, struct ht_buf *ret, struct ht_err *err)
{
    if (general.len == 0)
        return __real_ht_ops_body(event, profile, ret, err);
    ht_buf_add(ret, general.bytes, general.len);
    return HT_OK;
}
