#include "hooktop/base/ini.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/text.h"

#define LINE_MAX_BYTES 4096u
#define FILE_MAX_BYTES (256u * 1024u)
#define NAME_CHARS     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_*"
#define BLANKS         " \t"

struct reader {
    const char *name;
    size_t line;
    char section[LINE_MAX_BYTES + 1];
    ht_ini_fn *fn;
    void *user;
    struct ht_err *err;
};

static enum ht_rc wrong(const struct reader *r, const char *fix, const char *why)
{
    char where[sizeof(r->err->what)];
    /* A long path loses its beginning: the file's own name and the line matter most. */
    size_t len = strlen(r->name);
    size_t most = sizeof(where) - 32;
    bool cut = len > most;
    snprintf(where, sizeof(where), "%s%s:%zu", cut ? "..." : "", cut ? r->name + len - most : r->name, r->line);
    return ht_fail(r->err, HT_USAGE, where, fix, "%s", why);
}

/* Cuts blanks and a comment off the end; in a quoted value only what follows the closing quote is looked at. */
static bool cut_value(char *value)
{
    if (value[0] == '"') {
        char *close = strchr(value + 1, '"');
        if (close == NULL)
            return false;
        const char *rest = close + 1 + strspn(close + 1, BLANKS);
        *close = '\0';
        memmove(value, value + 1, strlen(value));
        return *rest == '\0' || *rest == ';' || *rest == '#';
    }
    char *end = value;
    for (char *at = value; *at != '\0'; at++) {
        bool after_blank = at == value || strchr(BLANKS, at[-1]) != NULL;
        if ((*at == ';' || *at == '#') && after_blank)
            break;
        if (strchr(BLANKS, *at) == NULL)
            end = at + 1;
    }
    *end = '\0';
    return true;
}

static enum ht_rc read_section(struct reader *r, char *line)
{
    size_t len = strspn(line + 1, NAME_CHARS);
    const char *rest = line + 1 + len;
    if (len == 0 || *rest != ']')
        return wrong(r, "write [name] with letters, digits, '.', '-', '_' or '*'", "this is no section name");
    rest += 1 + strspn(rest + 1, BLANKS);
    if (*rest != '\0' && *rest != ';' && *rest != '#')
        return wrong(r, "put it on a line of its own", "text follows the section name");
    memcpy(r->section, line + 1, len);
    r->section[len] = '\0';
    return HT_OK;
}

static enum ht_rc read_setting(struct reader *r, char *line)
{
    char *equals = strchr(line, '=');
    if (equals == NULL || equals == line)
        return wrong(r, "write key = value", "this line is neither a section nor a setting");
    char *value = equals + 1 + strspn(equals + 1, BLANKS);
    while (equals > line && strchr(BLANKS, equals[-1]) != NULL)
        equals--;
    *equals = '\0';
    for (const char *at = line; *at != '\0'; at++) {
        if (!isgraph((unsigned char)*at))
            return wrong(r, "write key = value", "a key has neither blanks nor letters outside ASCII");
    }
    if (!cut_value(value))
        return wrong(r, "close the value with \" and put nothing but a comment after it",
                     "the quoted value is not closed");
    struct ht_err inner = {0};
    if (r->fn(r->user, r->section, line, value, &inner) == HT_OK)
        return HT_OK;
    return wrong(r, inner.fix[0] != '\0' ? inner.fix : NULL, inner.why);
}

/* `line` is a copy that may be changed. */
static enum ht_rc read_line(struct reader *r, char *line, size_t len)
{
    if (len > 0 && line[len - 1] == '\r')
        line[--len] = '\0';
    if (!ht_utf8_valid(line, len))
        return wrong(r, "save the file as UTF-8", "the line is not UTF-8");
    for (size_t i = 0; i < len; i++) {
        if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
            return wrong(r, NULL, "the line has a control character");
    }
    line += strspn(line, BLANKS);
    if (*line == '\0' || *line == ';' || *line == '#')
        return HT_OK;
    return *line == '[' ? read_section(r, line) : read_setting(r, line);
}

enum ht_rc ht_ini_read(const char *name, const char *text, size_t len, ht_ini_fn *fn, void *user, struct ht_err *err)
{
    struct reader r = {.name = name, .fn = fn, .user = user, .err = err};
    const char *end = text + len;
    if (len > FILE_MAX_BYTES)
        return ht_fail(err, HT_USAGE, name, NULL, "the file is longer than %u bytes", FILE_MAX_BYTES);
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (text < end) {
        r.line++;
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t line_len = (size_t)((stop != NULL ? stop : end) - text);
        if (line_len > LINE_MAX_BYTES)
            return wrong(&r, NULL, "the line is longer than 4096 bytes");
        char line[LINE_MAX_BYTES + 1];
        memcpy(line, text, line_len);
        line[line_len] = '\0';
        enum ht_rc rc = read_line(&r, line, line_len);
        if (rc != HT_OK)
            return rc;
        text += line_len + (stop != NULL);
    }
    return HT_OK;
}

enum ht_rc ht_ini_read_file(const char *path, ht_ini_fn *fn, void *user, struct ht_err *err)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return ht_fail(err, HT_NOT_FOUND, path, "check the name and who may read it", "%m");
    HT_AUTOFREE char *text = ht_alloc(FILE_MAX_BYTES + 1, 1);
    size_t len = fread(text, 1, FILE_MAX_BYTES + 1, f);
    int failed = ferror(f) ? errno : 0;
    fclose(f);
    if (failed != 0) {
        errno = failed;
        return ht_fail(err, HT_NOT_FOUND, path, "name a file", "%m");
    }
    return ht_ini_read(path, text, len, fn, user, err);
}
