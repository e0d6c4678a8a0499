/* The receiver's HTTP parser: what it takes as a whole request it takes only when it is whole, whatever follows. */
#include "lib/fuzz.h"

#include <strings.h>

#include "../../src/receiver/internal.h"

static void check(const struct ht_rx_request *q, const uint8_t *data)
{
    FUZZ_MUST(q->head_len >= 4 && memcmp(data + q->head_len - 4, "\r\n\r\n", 4) == 0);
    FUZZ_MUST(q->body_len <= HT_RX_BODY_MAX && q->headers_len <= HT_RX_HEADERS_MAX && q->path[0] == '/');
    FUZZ_MUST(strncmp((const char *)data, "POST ", 5) == 0);
    size_t lengths = 0;
    for (size_t i = 0; i < q->headers_len; i++) {
        const char *name = q->headers[i].name, *value = q->headers[i].value;
        FUZZ_MUST(*name != '\0' && strpbrk(name, " \t\r\n:") == NULL && strpbrk(value, "\r\n") == NULL);
        FUZZ_MUST(ht_rx_header(q, name) != NULL);
        FUZZ_MUST(strcasecmp(name, "transfer-encoding") != 0);
        lengths += strcasecmp(name, "content-length") == 0;
    }
    FUZZ_MUST(lengths == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_rx_request q = {0}, same = {0};
    int status = ht_rx_parse((const char *)data, size, &q);
    FUZZ_MUST(status == 0 || status == 200 || (status >= 400 && status <= 505));
    if (status != 200) {
        FUZZ_MUST(q.text == NULL);
        return 0;
    }
    check(&q, data);
    FUZZ_MUST(ht_rx_parse((const char *)data, q.head_len - 1, &same) == 0);
    FUZZ_MUST(ht_rx_parse((const char *)data, q.head_len, &same) == 200 && same.body_len == q.body_len);
    ht_rx_request_fini(&same);
    ht_rx_request_fini(&q);
    return 0;
}
