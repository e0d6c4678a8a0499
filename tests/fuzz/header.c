/* An endpoint's own headers: what is accepted cannot end a line, start another one, or replace one of ours. Before the
 * first colon stands the name, behind it the value. */
#include "lib/fuzz.h"

#include <strings.h>

#include "hooktop/cli/input.h"
#include "hooktop/delivery/egress.h"

static void check_accepted(const char *name, const char *value)
{
    static const char *const ours[] = {"host",       "content-length", "content-type",  "transfer-encoding",
                                       "connection", "expect",         "webhook-id",    "webhook-signature",
                                       "user-agent", "x-hooktop-a",    "proxy-anything"};
    for (const char *c = name; *c; c++)
        FUZZ_MUST(*c > 0x20 && *c < 0x7f && strchr("()<>@,;:\\\"/[]?={}", *c) == NULL);
    for (const char *c = value; *c; c++)
        FUZZ_MUST(*c >= 0x20 && *c < 0x7f);
    for (size_t i = 0; i < HT_COUNT(ours); i++)
        FUZZ_MUST(strcasecmp(name, ours[i]) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *colon = memchr(data, ':', size);
    size_t name_len = colon != NULL ? (size_t)(colon - data) : size;
    HT_AUTOFREE char *text = fuzz_text(data, size);
    HT_AUTOFREE char *name = fuzz_text(data, name_len);
    HT_AUTOFREE char *value = colon != NULL ? fuzz_text(colon + 1, size - name_len - 1) : ht_strdup("");
    struct ht_err err = {0};
    struct ht_header h = {0};
    if (ht_egress_check_header(name, value, &err) == HT_OK)
        check_accepted(name, value);
    else
        fuzz_explains(&err);
    ht_err_clear(&err);
    if (ht_header_parse(text, &h, &err) == HT_OK) {
        if (ht_egress_check_header(h.name, h.value, NULL) == HT_OK)
            check_accepted(h.name, h.value);
    } else {
        fuzz_explains(&err);
        FUZZ_MUST(h.name == NULL && h.value == NULL);
    }
    free(h.name);
    free(h.value);
    return 0;
}
