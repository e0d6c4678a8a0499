/* What commands print: one table per kind of record says how each field is named and shown, as a column, as a line of
 * `show`, or as a member of --json. Foreign text passes the sanitizer; JSON is ASCII.
 *
 * Everything goes to standard output. A write that fails (a full disk, a closed pipe) is kept and reported once by
 * ht_out_finish. Main thread. Blocks on the output only.
 */
#ifndef HOOKTOP_CLI_OUTPUT_H
#define HOOKTOP_CLI_OUTPUT_H

#include "hooktop/base/json.h"
#include "hooktop/base/secret.h"
#include "hooktop/model/records.h"

enum ht_field_kind {
    HT_FIELD_TEXT,     /* char *; NULL is null, or empty in a table */
    HT_FIELD_ASCII,    /* the same where a look-alike would deceive: URLs */
    HT_FIELD_UUID,     /* struct ht_uuid; nil is null */
    HT_FIELD_INT,      /* int32_t */
    HT_FIELD_COUNT,    /* int64_t */
    HT_FIELD_FIGURE,   /* the same, counted up to HT_FIGURE_MAX: then "10000+" in text */
    HT_FIELD_NONZERO,  /* int32_t; 0 is null */
    HT_FIELD_RATE,     /* double per second; 0 is null */
    HT_FIELD_TIME,     /* int64_t microseconds; 0 is null */
    HT_FIELD_FLAG,     /* bool */
    HT_FIELD_WORD,     /* an enum of model/words.h, int sized; "" is null */
    HT_FIELD_MS,       /* int32_t milliseconds; 0 is null */
    HT_FIELD_US_AS_MS, /* int32_t microseconds, shown as milliseconds */
    HT_FIELD_OTHER,    /* `put` does it */
};

enum {
    HT_FIELD_COLUMN = 1,  /* a column of lists */
    HT_FIELD_DETAIL = 2,  /* only where one record is shown, not in lists, in JSON neither */
    HT_FIELD_SHRINKS = 4, /* gives way when the terminal is narrow */
    HT_FIELD_COUNTS = 8,  /* how many; where one record is shown in JSON, a member of this name lists them instead */
    HT_FIELD_GIVES = 16,  /* a column that is left out where it is too narrow all the same, the last first */
};

struct ht_field {
    const char *name;  /* of the JSON member */
    const char *title; /* of the column and the line; NULL: only in JSON */
    enum ht_field_kind kind;
    unsigned flags;
    size_t offset;
    const struct ht_word *words;
    /* one of json and text is not NULL */
    void (*put)(const void *record, const char *name, struct ht_jw *json, struct ht_buf *text);
};
struct ht_record_kind {
    const struct ht_field *fields;
    size_t n;
    size_t size; /* of one record */
};
extern const struct ht_record_kind ht_kind_tenant;
extern const struct ht_record_kind ht_kind_type;
extern const struct ht_record_kind ht_kind_endpoint;
extern const struct ht_record_kind ht_kind_secret;
extern const struct ht_record_kind ht_kind_fleet;
extern const struct ht_record_kind ht_kind_event;
extern const struct ht_record_kind ht_kind_delivery;
extern const struct ht_record_kind ht_kind_attempt;
extern const struct ht_record_kind ht_kind_worker;
extern const struct ht_record_kind ht_kind_partition;
extern const struct ht_record_kind ht_kind_why;
extern const struct ht_record_kind ht_kind_failure_group;
extern const struct ht_record_kind ht_kind_alert;
extern const struct ht_record_kind ht_kind_replay;
extern const struct ht_record_kind ht_kind_audit;
extern const struct ht_record_kind ht_kind_audit_chain;
extern const struct ht_record_kind ht_kind_user;
extern const struct ht_record_kind ht_kind_stats;

/* `n` records behind one another: a table for people, or one object per line. */
void ht_out_rows(bool json, const struct ht_record_kind *kind, const void *rows, size_t n, bool more);
/* One record: lines of "title  value". */
void ht_out_record(const struct ht_record_kind *kind, const void *record);
/* One record as a command's whole result: such lines, or one object. */
void ht_out_shown(bool json, const struct ht_record_kind *kind, const void *record);
/* The members of one record, into an object that is open; and a list of records as a member of it. */
void ht_out_members(struct ht_jw *w, const struct ht_record_kind *kind, const void *record, bool detail);
void ht_out_array(struct ht_jw *w, const char *name, const struct ht_record_kind *kind, const void *rows, size_t n);

/* One JSON object per call: between them the caller writes members into *ret_w. */
struct ht_out_object {
    struct ht_buf buf;
    struct ht_jw w;
};
void ht_out_begin(struct ht_out_object *o);
void ht_out_end(struct ht_out_object *o);
/* The same, with one more member that holds a secret (NULL writes null): straight from its bytes to the output. */
void ht_out_end_secret(struct ht_out_object *o, const char *name, const struct ht_secret *s);

/* Whatever is formatted passes the sanitizer as text of several lines; what must stay on one line is cleaned before. */
void ht_out_printf(const char *fmt, ...) HT_PRINTF(1, 2);
void ht_out_text(const char *bytes, size_t len); /* the same for bytes */
/* Foreign text of any length, cleaned, with `indent` blanks before each line, ending with a line feed. */
void ht_out_foreign(const char *bytes, size_t len, unsigned indent);
/* A title and foreign text below it; nothing for NULL. */
void ht_out_section(const char *title, const char *bytes, size_t len);
/* Exactly these bytes: PEM and the like that hooktop made. */
void ht_out_bytes(const char *bytes, size_t len);
/* A secret as one line. Nothing keeps a copy. */
void ht_out_secret_line(const struct ht_secret *s);

/* A note for people that is not the command's result: to standard error, nothing with --json. */
void ht_out_note(bool json, const char *fmt, ...) HT_PRINTF(2, 3);
/* A question, without a line feed behind it. */
void ht_out_ask(const char *question);
/* Drawn over itself where people look on, until all is done. */
void ht_out_progress(bool json, int64_t done, int64_t total);

HT_MUST_CHECK enum ht_rc ht_out_finish(struct ht_err *err);

#endif
