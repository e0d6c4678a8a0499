/* The configuration file, with an environment chosen and without. */
#include "lib/fuzz.h"

#include "hooktop/cli/config.h"

static void check(const struct ht_config *c)
{
    FUZZ_MUST(c->vault_key_file != NULL && c->vault_key_file[0] == '/');
    FUZZ_MUST(c->worker_concurrency >= 1 && c->worker_concurrency <= 10000);
    FUZZ_MUST(c->worker_lease_ms >= 5000 && c->worker_lease_ms <= 3600000);
    FUZZ_MUST(c->egress.n_ports <= HT_EGRESS_RULES && c->egress.n_allow <= HT_EGRESS_RULES);
    for (size_t i = 0; i < c->egress.n_ports; i++)
        FUZZ_MUST(c->egress.ports[i].lo >= 1 && c->egress.ports[i].lo <= c->egress.ports[i].hi &&
                  c->egress.ports[i].hi <= 65535);
    for (size_t i = 0; i < c->egress.n_allow; i++)
        FUZZ_MUST(c->egress.allow[i].prefix >= 0 && c->egress.allow[i].prefix <= 128);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environments[] = {NULL, "prod"};
    const char *path = fuzz_file(data, size);
    if (setenv("HOME", "/nowhere", 1) != 0 || unsetenv("XDG_DATA_HOME") != 0)
        abort();
    for (size_t i = 0; i < HT_COUNT(environments); i++) {
        struct ht_config c = {0};
        struct ht_err err = {0};
        if (ht_config_load(path, environments[i], &c, &err) == HT_OK)
            check(&c);
        else
            fuzz_explains(&err);
        ht_config_fini(&c);
    }
    return 0;
}
