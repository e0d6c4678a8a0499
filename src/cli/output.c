#include "hooktop/cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hooktop/base/text.h"

#define OBJECT_MAX (16u * 1024u * 1024u) /* an event's 256 KiB as \uXXXX are 1.5 MiB */

/* The first failure of a write, for ht_out_finish; 0: none. stdio keeps that there was one, but not which. */
static int write_errno;

static void put(const char *bytes, size_t len)
{
    if (len > 0 && fwrite(bytes, 1, len, stdout) < len && write_errno == 0)
        write_errno = errno;
}

/* Objects --------------------------------------------------------------------------------------------------------- */

void ht_out_begin(struct ht_out_object *o)
{
    ht_buf_init(&o->buf, OBJECT_MAX);
    ht_jw_init(&o->w, &o->buf);
    ht_jw_object(&o->w, NULL);
}

void ht_out_end(struct ht_out_object *o)
{
    ht_jw_end_object(&o->w);
    ht_buf_addc(&o->buf, '\n');
    put(o->buf.data, o->buf.len);
    ht_buf_fini(&o->buf);
}

/* Writes past stdio, whose buffer would keep a copy. */
static void raw_write(const void *bytes, size_t len)
{
    fflush(stdout);
    for (size_t at = 0; at < len && write_errno == 0;) {
        ssize_t n = write(STDOUT_FILENO, (const char *)bytes + at, len - at);
        if (n < 0 && errno != EINTR)
            write_errno = errno;
        at += n > 0 ? (size_t)n : 0;
    }
}

/* A JSON string from a secret's bytes: runs of plain characters go out as they are, the others one by one. */
static void write_quoted(const struct ht_secret *s)
{
    const uint8_t *bytes = ht_secret_bytes(s);
    size_t len = ht_secret_len(s);
    size_t start = 0;
    raw_write("\"", 1);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '"' && bytes[i] != '\\')
            continue;
        char escaped[8];
        int n = snprintf(escaped, sizeof escaped, "\\u%04x", bytes[i]);
        raw_write(bytes + start, i - start);
        raw_write(escaped, (size_t)n);
        ht_wipe(escaped, sizeof escaped);
        start = i + 1;
    }
    raw_write(bytes + start, len - start);
    raw_write("\"", 1);
}

void ht_out_end_secret(struct ht_out_object *o, const char *name, const struct ht_secret *s)
{
    if (s == NULL) {
        ht_jw_null(&o->w, name);
        ht_out_end(o);
        return;
    }
    ht_jw_raw(&o->w, name, "", 0); /* the member's name; its value comes from the secret's own memory */
    put(o->buf.data, o->buf.len);
    write_quoted(s);
    put("}\n", 2);
    ht_buf_fini(&o->buf);
}

void ht_out_secret_line(const struct ht_secret *s)
{
    raw_write(ht_secret_bytes(s), ht_secret_len(s));
    raw_write("\n", 1);
}

/* Words ----------------------------------------------------------------------------------------------------------- */

/* What is clean already passes as it is, so nobody has to know who has cleaned what. */
HT_PRINTF(2, 0) static void format(struct ht_buf *ret, const char *fmt, va_list args)
{
    struct ht_buf raw HT_BUF_CLEANUP;
    ht_buf_init(&raw, OBJECT_MAX);
    ht_buf_addv(&raw, fmt, args);
    ht_buf_init(ret, OBJECT_MAX);
    ht_text_clean(ret, raw.data, raw.len, HT_TEXT_LINES);
}

void ht_out_printf(const char *fmt, ...)
{
    struct ht_buf text HT_BUF_CLEANUP;
    va_list args;
    va_start(args, fmt);
    format(&text, fmt, args);
    va_end(args);
    put(text.data, text.len);
}

void ht_out_text(const char *bytes, size_t len)
{
    ht_out_printf("%.*s", (int)len, bytes);
}

void ht_out_bytes(const char *bytes, size_t len)
{
    put(bytes, len);
}

void ht_out_foreign(const char *bytes, size_t len, unsigned indent)
{
    struct ht_buf out HT_BUF_CLEANUP;
    ht_buf_init(&out, OBJECT_MAX);
    ht_text_clean(&out, bytes, len, HT_TEXT_LINES);
    for (const char *line = out.data; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        ht_out_printf("%*s%.*s\n", (int)indent, "", (int)n, line);
        line += n + (line[n] != '\0' ? 1 : 0);
    }
}

void ht_out_section(const char *title, const char *bytes, size_t len)
{
    if (bytes == NULL)
        return;
    ht_out_printf("\n%s\n", title);
    ht_out_foreign(bytes, len, 2);
}

void ht_out_note(bool json, const char *fmt, ...)
{
    if (json)
        return;
    struct ht_buf text HT_BUF_CLEANUP;
    va_list args;
    va_start(args, fmt);
    format(&text, fmt, args);
    va_end(args);
    fprintf(stderr, "%s\n", text.data);
}

void ht_out_ask(const char *question)
{
    struct ht_buf text HT_BUF_CLEANUP;
    ht_buf_init(&text, OBJECT_MAX);
    ht_text_clean(&text, question, strlen(question), HT_TEXT_LINES);
    fputs(text.data, stderr);
}

void ht_out_progress(bool json, int64_t done, int64_t total)
{
    if (!json && isatty(STDERR_FILENO) != 0)
        fprintf(stderr, "\r%" PRId64 " of %" PRId64 "%s", done, total, done < total ? "" : "\n");
}

enum ht_rc ht_out_finish(struct ht_err *err)
{
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout) != 0) && write_errno == 0)
        write_errno = errno != 0 ? errno : EIO;
    if (write_errno == 0)
        return HT_OK;
    /* A reader that has seen enough (head, a pager) is no error worth a line. */
    if (write_errno == EPIPE)
        return HT_CANCELLED;
    return ht_fail(err, HT_FAILED, "output", "the result is incomplete", "cannot write: %s", strerror(write_errno));
}
