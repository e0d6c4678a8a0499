/* Errors: how every fallible function of hooktop reports what went wrong.
 *
 * A fallible function returns `enum ht_rc` and takes a `struct ht_err *` as its last parameter. On failure it fills
 * the struct (owned by the caller, never allocated, may be NULL) and leaves its ret_ parameters untouched. The first
 * error wins: filling a struct that already holds one changes nothing, so clean-up code cannot hide the cause.
 *
 * The three texts are the three parts of the line that a user sees: `hooktop: what: why: fix`. They may hold foreign
 * bytes (a server's message, a URL): whoever prints them uses ht_err_line(), which passes them through the sanitizer.
 * They never hold a secret.
 *
 * Thread: any, each with its own struct. Nothing here blocks or allocates.
 */
#ifndef HOOKTOP_BASE_ERR_H
#define HOOKTOP_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* The kind of failure. The first five are also the program's exit codes (docs: hooktop(1), EXIT STATUS). */
enum ht_rc {
    HT_OK = 0,
    HT_FAILED = 1,    /* it was tried and did not work, or the named thing does not exist */
    HT_USAGE = 2,     /* the caller's input is wrong: an option, a value, a file */
    HT_NO_DB = 3,     /* the database cannot be reached, or is too old or too new */
    HT_DENIED = 4,    /* the login may not do this */
    HT_NOT_FOUND = 5, /* exit code 1 */
    HT_TIMEOUT = 6,   /* exit code 1 */
    HT_CANCELLED = 7, /* exit code 1 */
    HT_AGAIN = 8,     /* not now: a full mailbox, a busy connection; exit code 1 */
};

struct ht_err {
    enum ht_rc rc;
    char what[128]; /* what failed: "endpoint add" */
    char why[768];  /* the cause: "the URL's port 25 is not allowed" */
    char fix[384];  /* the remedy: "use 443 or 8443, or list the port under [egress] ports" */
};

#define HT_MUST_CHECK                   __attribute__((warn_unused_result))
#define HT_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))

/* Fills `err` unless it already holds an error, and returns `rc`, so that `return ht_fail(...)` is the usual form.
 * `what` and `fix` are copied; `fix` may be NULL when there is nothing a user could do. */
enum ht_rc ht_fail(struct ht_err *err, enum ht_rc rc, const char *what, const char *fix, const char *why_fmt, ...)
    HT_PRINTF(5, 6);
#ifdef HT_ANALYZE /* it sees one file at a time: what is returned is what is given */
#define ht_fail(err, rc, ...) (ht_fail(err, rc, __VA_ARGS__), (rc))
#endif

/* Empties the struct for another use. */
void ht_err_clear(struct ht_err *err);

/* Writes "what: why: fix" with everything foreign made visible, without a line feed, always terminated.
 * Returns the length written. */
size_t ht_err_line(const struct ht_err *err, char *ret_line, size_t size);

/* The exit code of the program for this result: HT_OK..HT_DENIED as they are, all others 1. */
int ht_exit_code(enum ht_rc rc);

/* Out of memory is not an error that callers handle: the program restores the terminal (if a handler is set) and
 * aborts; leases make that safe. These never return NULL. `n * size` overflow aborts too. */
void *ht_alloc(size_t n, size_t size); /* zeroed */
void *ht_realloc(void *p, size_t n, size_t size);
char *ht_strdup(const char *s);
char *ht_strndup(const char *s, size_t len);
/* Sets what runs before such an abort (the console sets its terminal reset). One handler; NULL takes it away. */
void ht_on_abort(void (*handler)(void));
/* The abort itself, for what cannot be handled and must not go on: runs the handler, says why, aborts. */
_Noreturn void ht_abort(const char *why);

/* `HT_CLEANUP(ht_buf_fini) struct ht_buf b = ...;` runs ht_buf_fini(&b) when b leaves its scope. */
#define HT_CLEANUP(fn) __attribute__((cleanup(fn)))
/* For owned pointers: `HT_AUTOFREE char *s = ht_strdup(..);` */
void ht_freep(void *pointer_to_pointer);
#define HT_AUTOFREE __attribute__((cleanup(ht_freep)))

#define HT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
