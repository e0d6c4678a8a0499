#include "endpoint_read.h"
#include <stdlib.h>
#include "query.h"

#define WORKFLOWS_MAX 1000u

enum ht_rc ht_endpoint_read_schedule(const char *value, size_t len, void *endpoint, struct ht_err *err)
{
    (void)err;
    struct ht_endpoint *e = endpoint;
    const char *element;
    int32_t element_len;
    for (size_t cursor = 0;
         e->schedule_len < HT_SCHEDULE_MAX && ht_array_next(value, len, &cursor, &element, &element_len);) {
        if (element_len == 4)
            e->schedule_s[e->schedule_len++] = ht_read_i32(element);
    }
    return HT_OK;
}

enum ht_rc ht_endpoint_read_workflows(const char *value, size_t len, void *endpoint, struct ht_err *err)
{
    (void)err;
    struct ht_endpoint *e = endpoint;
    const char *element;
    int32_t element_len;
    size_t n = 0;
    for (size_t cursor = 0; n < WORKFLOWS_MAX && ht_array_next(value, len, &cursor, &element, &element_len);) {
        if (element_len < 0)
            continue;
        e->workflows = ht_realloc(e->workflows, n + 2, sizeof(*e->workflows));
        e->workflows[n++] = ht_strndup(element, (size_t)element_len);
        e->workflows[n] = NULL;
    }
    return HT_OK;
}

enum ht_rc ht_endpoint_read_headers(const char *value, size_t len, void *endpoint, struct ht_err *err)
{
    (void)err;
    struct ht_endpoint *e = endpoint;
    const char *element;
    int32_t element_len;
    for (size_t cursor = 0;
         e->headers_len < HT_HEADERS_MAX && ht_array_next(value, len, &cursor, &element, &element_len);) {
        if (element_len > 0)
            e->headers[e->headers_len++].name = ht_strndup(element, (size_t)element_len);
    }
    return HT_OK;
}
