/* The URL check: what it accepts is accepted again as it was written, and stays inside the rules by a second reading
 * that shares nothing with libcurl's. The first byte chooses the policy, the rest is the URL. */
#include "lib/fuzz.h"

#include <ctype.h>
#include <strings.h>

#include "hooktop/delivery/egress.h"

static void policy(struct ht_egress *e, unsigned char bits)
{
    ht_egress_init(e);
    if (bits & 1)
        FUZZ_MUST(ht_egress_set(e, "http", "yes", NULL) == HT_OK);
    if (bits & 2)
        FUZZ_MUST(ht_egress_set(e, "allow", "127.0.0.1/32:9000-9999, [fd12::]/16, 10.0.0.0/8", NULL) == HT_OK);
}

static void check_normal(const char *url, unsigned char bits)
{
    for (const char *c = url; *c; c++)
        FUZZ_MUST(*c > 0x20 && *c < 0x7f && *c != '\\' && *c != '#');
    size_t scheme = strncmp(url, "https://", 8) == 0 ? 8 : 7;
    FUZZ_MUST(scheme == 8 || ((bits & 1) && strncmp(url, "http://", 7) == 0));
    const char *host = url + scheme;
    size_t authority = strcspn(host, "/?"), len = strcspn(host, ":/?");
    FUZZ_MUST(memchr(host, '@', authority) == NULL && memchr(host, '%', authority) == NULL);
    if (host[0] == '[') {
        FUZZ_MUST(bits & 2);
        return;
    }
    FUZZ_MUST(len > 0 && host[0] != '.' && host[len - 1] != '.');
    for (size_t i = 0; i < len; i++)
        FUZZ_MUST(islower((unsigned char)host[i]) || isdigit((unsigned char)host[i]) || host[i] == '-' ||
                  (host[i] == '.' && host[i + 1] != '.'));
    if (!(bits & 2)) {
        const char *dot = memrchr(host, '.', len);
        FUZZ_MUST(dot != NULL && islower((unsigned char)dot[1])); /* a name, no number */
        const char *port = host[len] == ':' ? host + len + 1 : "";
        FUZZ_MUST(*port == '\0' || strncmp(port, "8443", 4) == 0 || (scheme == 7 && strncmp(port, "443", 3) == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_egress e;
    struct ht_err err = {0};
    struct ht_buf normal, again;
    if (size == 0)
        return 0;
    policy(&e, data[0]);
    HT_AUTOFREE char *url = fuzz_text(data + 1, size - 1);
    ht_buf_init(&normal, 16384);
    ht_buf_init(&again, 16384);
    if (ht_egress_check_url(&e, url, &normal, &err) == HT_OK) {
        check_normal(normal.data, data[0]);
        FUZZ_MUST(ht_egress_check_url(&e, normal.data, &again, &err) == HT_OK);
        FUZZ_MUST(strcmp(normal.data, again.data) == 0);
    } else {
        fuzz_explains(&err);
        FUZZ_MUST(normal.len == 0);
    }
    ht_buf_fini(&normal);
    ht_buf_fini(&again);
    return 0;
}
