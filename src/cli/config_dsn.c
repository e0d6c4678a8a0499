#include "config_dsn.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hooktop/base/codec.h"
#include "hooktop/base/secret.h"
#include "hooktop/cli/config.h"

#define BLANKS         " \t\n\r\v\f"
#define SHOWN_PER_BYTE 24u /* one byte can at worst become a pair of its own, with a key that we supply */

/* One value while it is being read; its bytes are wiped, since any of them may be a password. */
struct value {
    char *text;
    size_t len;
};

static void value_fini(struct value *v)
{
    ht_wipe(v->text, v->len);
    free(v->text);
}

static struct value value_new(const char *dsn) /* no part of a dsn is longer than the whole */
{
    return (struct value){.text = ht_alloc(strlen(dsn) + 2, 1)};
}

static void value_add(struct value *v, char c)
{
    v->text[v->len++] = c;
}

static void value_clear(struct value *v)
{
    ht_wipe(v->text, v->len);
    v->len = 0;
}

/* the form "key=value key='value'", by the rules of libpq's manual, 34.1.1.1 */
static const char *read_plain_value(const char *at, struct value *v)
{
    bool quoted = *at == '\'';
    at += quoted;
    while (*at && (quoted ? *at != '\'' : !strchr(BLANKS, *at))) {
        if (*at == '\\' && !*++at)
            return quoted ? NULL : at;
        value_add(v, *at++);
    }
    if (!quoted)
        return at;
    return *at == '\'' ? at + 1 : NULL;
}

static bool each_plain(const char *dsn, ht_dsn_pair_fn *fn, void *user)
{
    HT_CLEANUP(value_fini) struct value key = value_new(dsn), value = value_new(dsn);
    const char *at = dsn + strspn(dsn, BLANKS);
    while (*at) {
        value_clear(&key);
        value_clear(&value);
        while (*at && *at != '=' && !strchr(BLANKS, *at))
            value_add(&key, *at++);
        at += strspn(at, BLANKS);
        if (*at != '=' || key.len == 0)
            return false;
        at++;
        at += strspn(at, BLANKS);
        if (!(at = read_plain_value(at, &value)))
            return false;
        fn(user, key.text, value.text);
        at += strspn(at, BLANKS);
    }
    return true;
}

/* the form "postgresql://user:password@host:port,host/database?key=value", 34.1.1.2 ------------------------------- */
/* Decodes [from, to) into v. */
static bool read_encoded(const char *from, const char *to, struct value *v)
{
    value_clear(v);
    for (; from < to; from++) {
        if (*from != '%') {
            value_add(v, *from);
            continue;
        }
        int high = to - from > 2 ? ht_hex_value(from[1]) : -1, low = high >= 0 ? ht_hex_value(from[2]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return false;
        value_add(v, (char)(high * 16 + low));
        from += 2;
    }
    v->text[v->len] = '\0';
    return true;
}

static bool give(const char *key, const char *from, const char *to, struct value *v, ht_dsn_pair_fn *fn, void *user)
{
    if (!read_encoded(from, to, v))
        return false;
    if (v->len)
        fn(user, key, v->text);
    return true;
}

/* "host:port,[::1]:port" becomes host=host,::1 and port=port,port. */
static bool each_host(const char *from, const char *to, struct value *v, ht_dsn_pair_fn *fn, void *user)
{
    HT_CLEANUP(value_fini) struct value hosts = value_new(from), ports = value_new(from);
    for (const char *at = from; at < to; at++) { /* over the comma */
        bool bracket = *at == '[';
        const char *end = at += bracket;
        while (end < to && (bracket ? *end != ']' : *end != ':' && *end != ','))
            end++;
        if (bracket && end == to)
            return false;
        for (; at < end; at++)
            value_add(&hosts, *at);
        at += bracket;
        if (at < to && *at == ':')
            for (at++; at < to && *at >= '0' && *at <= '9'; at++)
                value_add(&ports, *at);
        if (at < to && *at != ',')
            return false;
        if (at < to) {
            value_add(&hosts, ',');
            value_add(&ports, ',');
        }
    }
    const char *h = hosts.text, *p = ports.text;
    return give("host", h, h + hosts.len, v, fn, user) && give("port", p, p + ports.len, v, fn, user);
}

static bool each_parameter(const char *at, struct value *v, ht_dsn_pair_fn *fn, void *user)
{
    HT_CLEANUP(value_fini) struct value key = value_new(at);
    while (*at) {
        const char *equals = at + strcspn(at, "=&"), *end = equals + strcspn(equals, "&");
        if (*equals != '=' || !read_encoded(at, equals, &key))
            return false;
        bool jdbc_ssl = strcmp(key.text, "ssl") == 0 && end - equals == 5 && strncmp(equals, "=true", 5) == 0;
        if (!read_encoded(equals + 1, end, v))
            return false;
        /* libpq understands this one of JDBC's; here an empty value counts, it takes back what stood before */
        fn(user, jdbc_ssl ? "sslmode" : key.text, jdbc_ssl ? "require" : v->text);
        at = *end ? end + 1 : end;
    }
    return true;
}

static bool each_uri(const char *rest, ht_dsn_pair_fn *fn, void *user)
{
    HT_CLEANUP(value_fini) struct value v = value_new(rest);
    const char *at = rest + strcspn(rest, "@/");
    if (*at == '@') {
        const char *colon = memchr(rest, ':', (size_t)(at - rest));
        if (!give("user", rest, colon ? colon : at, &v, fn, user) ||
            (colon && !give("password", colon + 1, at, &v, fn, user)))
            return false;
        rest = at + 1;
    }
    /* A password with an '@' or '/' that is not encoded spills over into host and database: libpq would take it so, and
     * fail; we say that it cannot be read rather than show a piece of it. */
    const char *end = rest + strcspn(rest, "/?");
    if (strchr(rest, '@') || !each_host(rest, end, &v, fn, user))
        return false;
    if (*end == '/') {
        const char *name = end + 1;
        end = name + strcspn(name, "?");
        if (!give("dbname", name, end, &v, fn, user))
            return false;
    }
    return *end != '?' || each_parameter(end + 1, &v, fn, user);
}

/* what is made of it ----------------------------------------------------------------------------------------------- */
bool ht_dsn_each(const char *dsn, ht_dsn_pair_fn *fn, void *user)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};
    for (size_t i = 0; i < HT_COUNT(schemes); i++)
        if (strncmp(dsn, schemes[i], strlen(schemes[i])) == 0)
            return each_uri(dsn + strlen(schemes[i]), fn, user);
    return each_plain(dsn, fn, user);
}

static bool is_password(const char *key)
{
    return strcmp(key, "password") == 0 || strcmp(key, "sslpassword") == 0;
}

static void show_pair(void *user, const char *key, const char *value)
{
    struct ht_buf *out = user;
    ht_buf_addf(out, "%s%s=%s", out->len ? " " : "", key, is_password(key) ? "***" : value);
}

void ht_dsn_show(const char *dsn, struct ht_buf *out)
{
    struct ht_buf shown;
    ht_buf_init(&shown, SHOWN_PER_BYTE * (strlen(dsn) + 1));
    /* A dsn that cannot be read to its end could hold a password anywhere. */
    ht_buf_adds(out, ht_dsn_each(dsn, show_pair, &shown) ? shown.data : "(unreadable)");
    ht_buf_fini(&shown);
}

static void note_password(void *user, const char *key, const char *value)
{
    bool *found = user;
    *found = *found || (is_password(key) && *value);
}

bool ht_dsn_has_password(const char *dsn)
{
    bool found = false;
    /* What cannot be read is treated as if it had one. */
    return !ht_dsn_each(dsn, note_password, &found) || found;
}

void ht_dsn_hide_argument(char *arg)
{
    if (ht_dsn_has_password(arg))
        memset(arg, '*', strlen(arg)); /* ps reads it again and again: nothing may remain, its length may */
}

bool ht_dsn_append(char *text, size_t size, const char *key, const char *value)
{
    size_t len = strlen(text), need = strlen(key) + 5;
    for (const char *c = value; *c; c++)
        need += *c == '\'' || *c == '\\' ? 2 : 1;
    if (need > size - len)
        return false;
    char *at = text + len;
    at += snprintf(at, size - len, "%s%s='", len ? " " : "", key);
    for (const char *c = value; *c; c++) {
        if (*c == '\'' || *c == '\\')
            *at++ = '\\';
        *at++ = *c;
    }
    memcpy(at, "'", 2);
    return true;
}

struct rewriting {
    char *text;
    size_t size;
};

static void append_pair(void *user, const char *key, const char *value)
{
    struct rewriting *r = user;
    if (!ht_dsn_append(r->text, r->size, key, value))
        abort(); /* the size was reckoned for the worst */
}

char *ht_dsn_with_password(const char *dsn, const char *password)
{
    struct rewriting r = {.size = SHOWN_PER_BYTE * (strlen(dsn) + 1) + 2 * strlen(password) + 24};
    r.text = ht_alloc(r.size, 1);
    if (!ht_dsn_each(dsn, append_pair, &r)) {
        ht_wipe(r.text, r.size);
        free(r.text);
        return NULL;
    }
    append_pair(&r, "password", password);
    return r.text;
}
