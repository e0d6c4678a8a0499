#include "wire.h"

#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/json.h"

const int32_t ht_default_schedule_s[HT_DEFAULT_SCHEDULE_LEN] = {5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400};

void ht_wire_seconds(int64_t us, char ret_text[32])
{
    char text[HT_TIME_TEXT];
    ht_time_rfc3339(us, text);
    char *dot = strchr(text, '.');
    if (dot)
        memcpy(dot, "Z", 2);
    snprintf(ret_text, 32, "%s", text);
}

enum ht_rc ht_wire_version(int version, struct ht_err *err)
{
    if (version == HT_BODY_VERSION)
        return HT_OK;
    return ht_fail(err, HT_FAILED, "request body", "run a newer hooktop on this machine",
                   "body version %d is not known here", version);
}

enum ht_rc ht_wire_built(const struct ht_buf *out, struct ht_err *err)
{
    if (!out->over)
        return HT_OK;
    return ht_fail(err, HT_FAILED, "request body", NULL, "it is larger than %zu bytes", out->max_bytes);
}

static enum ht_rc check_shape(const char *data, size_t len, bool object, size_t members, struct ht_err *err)
{
    HT_JSON_CLEANUP struct ht_json *root = NULL;
    enum ht_rc rc = ht_json_parse(data, len, &root, err);
    if (rc != HT_OK)
        return rc;
    if (object && ht_json_kind(root) != HT_JSON_OBJECT)
        return ht_fail(err, HT_USAGE, "event data", "see: hooktop type show TYPE", "it must be a JSON object");
    if (members != 0 && ht_json_count(root) != members)
        return ht_fail(err, HT_USAGE, "event data", "see: hooktop type show TYPE",
                       "it must have exactly one member, the object the event is about, and has %zu",
                       ht_json_count(root));
    return HT_OK;
}

enum ht_rc ht_wire_any_json(const char *data, size_t len, struct ht_err *err)
{
    return check_shape(data, len, false, 0, err);
}

enum ht_rc ht_wire_object(const char *data, size_t len, struct ht_err *err)
{
    return check_shape(data, len, true, 0, err);
}

enum ht_rc ht_wire_one_member(const char *data, size_t len, struct ht_err *err)
{
    return check_shape(data, len, true, 1, err);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The members of valid JSON text between its outer braces: the colons that stand at that depth, outside strings. */
static size_t count_members(const char *inner, size_t len)
{
    size_t members = 0, depth = 0;
    bool string = false;
    for (size_t i = 0; i < len; i++) {
        char c = inner[i];
        if (string && c == '\\')
            i++;
        else if (c == '"')
            string = !string;
        else if (string)
            continue;
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        else if (c == ':' && depth == 0)
            members++;
    }
    return members;
}

enum ht_rc ht_wire_inner(const char *data, size_t len, const char **ret_inner, size_t *ret_len, struct ht_err *err)
{
    const char *from = data, *to = data + len;
    while (from < to && blank(*from))
        from++;
    while (to > from && blank(to[-1]))
        to--;
    bool object = to - from >= 2 && *from == '{' && to[-1] == '}';
    if (!object || count_members(from + 1, (size_t)(to - from) - 2) != 1)
        return ht_fail(err, HT_FAILED, "request body", "emit the event anew with data of the documented shape",
                       "the event's data is not an object with exactly one member");
    *ret_inner = from + 1;
    *ret_len = (size_t)(to - from) - 2;
    return HT_OK;
}

/* As much of the text as there is room for. */
static void put(char *to, size_t size, const char *text)
{
    size_t n = strnlen(text, size - 1);
    memcpy(to, text, n);
    to[n] = '\0';
}

void ht_wire_header(struct ht_wire_headers *out, const char *name, const char *value)
{
    struct ht_wire_header *h = &out->h[out->n++];
    put(h->name, sizeof h->name, name);
    put(h->value, sizeof h->value, value);
}

void ht_wire_header_more(struct ht_wire_headers *out, const char *text)
{
    struct ht_wire_header *h = &out->h[out->n - 1];
    size_t at = strlen(h->value);
    put(h->value + at, sizeof h->value - at, text);
}

enum ht_rc ht_wire_needs_signer(size_t n, struct ht_err *err)
{
    if (n == 0)
        return ht_fail(err, HT_FAILED, "signature", "rotate the secret to make a new one",
                       "no live secret signs for this endpoint");
    if (n > HT_SECRETS_LIVE_MAX)
        return ht_fail(err, HT_FAILED, "signature", "revoke one of the secrets", "more than %u live secrets",
                       HT_SECRETS_LIVE_MAX);
    return HT_OK;
}
