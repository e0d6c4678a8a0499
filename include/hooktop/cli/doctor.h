/* `hooktop doctor`, in parts: each part looks at one thing and reports lines, good ones too. Main thread; they block on
 * what they look at, each for a bounded time. */
#ifndef HOOKTOP_CLI_DOCTOR_H
#define HOOKTOP_CLI_DOCTOR_H

#include "hooktop/cli/context.h"
#include "hooktop/model/health.h"

enum ht_doctor_state {
    HT_DOCTOR_OK,
    HT_DOCTOR_NOTE,  /* worth knowing; nothing is broken */
    HT_DOCTOR_WRONG, /* to be mended: the program's exit is 1 */
};

struct ht_doctor {
    struct ht_ctx *ctx;
    struct ht_conn *conn; /* NULL: there is none */
    bool usable;          /* the schema is this program's and the login may read it */
    int wrong;
    int64_t now; /* the database's clock, 0 without one */
};

/* One line. `check` is what was looked at ("database", "certificate"), `subject` of which thing, or NULL; `fix` the
 * remedy, which every line that is wrong has. Foreign text is cleaned here. */
void ht_doctor_say(struct ht_doctor *d, enum ht_doctor_state state, const char *check, const char *subject,
                   const char *fix, const char *fmt, ...) HT_PRINTF(6, 7);
/* The same from an error: wrong. */
void ht_doctor_error(struct ht_doctor *d, const char *check, const char *subject, const struct ht_err *e);

void ht_doctor_machine(struct ht_doctor *d);  /* limits, locale, files */
void ht_doctor_database(struct ht_doctor *d); /* opens d->conn */
void ht_doctor_ring(struct ht_doctor *d);
void ht_doctor_health(struct ht_doctor *d); /* what hooktop.health() knows */
/* The way to one endpoint; or to all active ones, each host once, at most `limit`. */
void ht_doctor_endpoint(struct ht_doctor *d, const struct ht_endpoint *e);
void ht_doctor_endpoints(struct ht_doctor *d, int32_t limit);

/* Kinds of trouble: what to do about it, and whether `alert check` tells it. Never NULL. */
struct ht_trouble_kind {
    const char *name;
    bool alert;
    const char *fix;
};
extern const struct ht_trouble_kind ht_trouble_kinds[];
extern const size_t ht_trouble_kinds_len;
const struct ht_trouble_kind *ht_trouble_kind(const char *name);

#endif
