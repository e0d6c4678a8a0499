#include "internal.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2: what a header's name and a method are made of. */
static bool is_token(const char *s)
{
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        bool alnum = (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z');
        if (!alnum && strchr("!#$%&'*+-.^_`|~", *s) == NULL)
            return false;
    }
    return true;
}

static bool parse_length(const char *s, size_t *ret)
{
    size_t n = 0;
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9' || n > HT_RX_BODY_MAX)
            return false;
        n = n * 10 + (size_t)(*s - '0');
    }
    *ret = n;
    return true;
}

/* Cuts the line at `*at` out of the text and moves on; the block is known to end with an empty line. */
static char *next_line(char **at)
{
    char *line = *at, *end = strstr(line, "\r\n");
    if (end == NULL)
        return NULL;
    *end = '\0';
    *at = end + 2;
    return line;
}

static int parse_request_line(struct ht_rx_request *q, char *line)
{
    const char *method = strsep(&line, " ");
    q->path = strsep(&line, " "); /* one blank each, none before: RFC 9112 3 */
    const char *version = strsep(&line, " ");
    if (q->path == NULL || version == NULL || line != NULL)
        return 400;
    if (!is_token(method) || q->path[0] != '/')
        return 400;
    if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
        return 505;
    return strcmp(method, "POST") == 0 ? 200 : 405;
}

static int parse_header(struct ht_rx_request *q, char *line)
{
    char *colon = strchr(line, ':');
    if (q->headers_len == HT_RX_HEADERS_MAX)
        return 431;
    if (colon == NULL)
        return 400;
    *colon = '\0';
    if (!is_token(line))
        return 400;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    for (size_t n = strlen(value); n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'); n--)
        value[n - 1] = '\0';
    if (strpbrk(value, "\r\n") != NULL) /* RFC 9110 5.5: it could be read as a line of its own */
        return 400;
    q->headers[q->headers_len++] = (struct ht_header){.name = line, .value = value};
    return 200;
}

/* How long the body is: only by Content-Length, given once. */
static int parse_framing(struct ht_rx_request *q)
{
    const char *length = NULL;
    for (size_t i = 0; i < q->headers_len; i++) {
        if (strcasecmp(q->headers[i].name, "Transfer-Encoding") == 0)
            return 411;
        if (strcasecmp(q->headers[i].name, "Content-Length") != 0)
            continue;
        if (length != NULL)
            return 400;
        length = q->headers[i].value;
    }
    if (length == NULL)
        return 411;
    if (!parse_length(length, &q->body_len))
        return 400;
    return q->body_len > HT_RX_BODY_MAX ? 413 : 200;
}

static int parse_block(struct ht_rx_request *q)
{
    char *at = q->text, *line = next_line(&at);
    int status = line == NULL ? 400 : parse_request_line(q, line);
    while (status == 200) {
        line = next_line(&at);
        if (line == NULL)
            return 400;
        if (*line == '\0')
            return parse_framing(q);
        status = parse_header(q, line);
    }
    return status;
}

int ht_rx_parse(const char *bytes, size_t len, struct ht_rx_request *ret)
{
    const char *end = memmem(bytes, len, "\r\n\r\n", 4);
    if (end == NULL)
        return len > HT_RX_HEAD_MAX ? 431 : 0;
    struct ht_rx_request q = {.head_len = (size_t)(end - bytes) + 4};
    if (q.head_len > HT_RX_HEAD_MAX)
        return 431;
    if (memchr(bytes, '\0', q.head_len) != NULL)
        return 400;
    q.text = ht_strndup(bytes, q.head_len);
    int status = parse_block(&q);
    if (status == 200)
        *ret = q;
    else
        free(q.text);
    return status;
}

void ht_rx_request_fini(struct ht_rx_request *q)
{
    free(q->text);
    *q = (struct ht_rx_request){0};
}

const char *ht_rx_header(const struct ht_rx_request *q, const char *name)
{
    for (size_t i = 0; i < q->headers_len; i++)
        if (strcasecmp(q->headers[i].name, name) == 0)
            return q->headers[i].value;
    return NULL;
}
