/* Ids, their beginnings, and the codecs under them. */
#include "lib/fuzz.h"

#include <ctype.h>
#include <strings.h>

#include "../../src/store/filter_sql.h"
#include "hooktop/base/codec.h"
#include "hooktop/base/uuid.h"
#include "hooktop/model/filter.h"

static void uuid_of(const char *text)
{
    char shown[HT_UUID_TEXT];
    struct ht_uuid u, before;
    memset(&u, 0xa5, sizeof u);
    before = u;
    if (!ht_uuid_parse(text, &u)) {
        FUZZ_MUST(memcmp(&u, &before, sizeof u) == 0);
        return;
    }
    ht_uuid_format(&u, shown);
    FUZZ_MUST(strlen(text) == 36 && strcasecmp(shown, text) == 0 && ht_uuid_time_ms(&u) >= 0);
}

static void beginning_of(const char *text)
{
    HT_PARAMS_CLEANUP struct ht_params p;
    HT_BUF_CLEANUP struct ht_buf sql;
    struct ht_err err = {0};
    ht_params_init(&p);
    ht_buf_init(&sql, 1024);
    if (ht_sql_id_range(&sql, &p, "id", "delivery", text, &err) == HT_OK)
        FUZZ_MUST(strcmp(sql.data, "id BETWEEN $1 AND $2") == 0 && p.n == 2 && p.bytes.len >= 32);
    else
        fuzz_explains(&err);
}

static void codecs_of(const uint8_t *data, size_t size)
{
    size_t n = 0;
    HT_AUTOFREE char *text = ht_alloc(HT_BASE64_SIZE(size) + HT_HEX_SIZE(size), 1);
    HT_AUTOFREE uint8_t *back = ht_alloc(3 * (size / 4 + 1) + size + 1, 1);
    ht_hex_encode(data, size, text);
    FUZZ_MUST(ht_hex_decode(text, strlen(text), back) && memcmp(back, data, size) == 0);
    ht_base64_encode(data, size, text);
    FUZZ_MUST(ht_base64_decode(text, strlen(text), back, &n) && n == size && memcmp(back, data, size) == 0);
    if (ht_base64_decode((const char *)data, size, back, &n)) { /* one form only: no bits are lost */
        FUZZ_MUST(n <= 3 * (size / 4));
        ht_base64_encode(back, n, text);
        FUZZ_MUST(strlen(text) == size && memcmp(text, data, size) == 0);
    }
    if (ht_hex_decode((const char *)data, size, back))
        for (size_t i = 0; i < size; i++)
            FUZZ_MUST(isxdigit(data[i]));
}

static void pattern_of(const char *text)
{
    if (!ht_pattern_valid(text))
        return;
    FUZZ_MUST(strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.*") == strlen(text));
    if (strchr(text, '*') == NULL)
        FUZZ_MUST(ht_pattern_matches(text, text));
    (void)ht_pattern_matches(text, "claim.created");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    HT_AUTOFREE char *text = fuzz_text(data, size);
    uuid_of(text);
    beginning_of(text);
    codecs_of(data, size);
    pattern_of(text);
    return 0;
}
