/* The INI reader. */
#include "lib/fuzz.h"

#include "hooktop/base/ini.h"
#include "hooktop/base/text.h"

static enum ht_rc handle(void *user, const char *section, const char *key, const char *value, struct ht_err *err)
{
    static const char *const names[] = {"dsn", "key_file", "fail", "ports", "theme"};
    size_t *seen = user;
    ++*seen;
    FUZZ_MUST(*key != '\0' && strpbrk(key, " \t=") == NULL && strlen(section) <= 4096 && strlen(value) <= 4096);
    FUZZ_MUST(ht_utf8_valid(value, strlen(value)));
    for (const char *c = value; *c; c++)
        FUZZ_MUST((unsigned char)*c >= 0x20 || *c == '\t');
    const char *near = ht_nearest(key, names, HT_COUNT(names));
    FUZZ_MUST(near == NULL || strlen(near) > 0);
    return strcmp(key, "fail") == 0 ? ht_fail(err, HT_USAGE, "setting", NULL, "not \"%s\"", value) : HT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_err err = {0};
    size_t seen = 0, lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    enum ht_rc rc = ht_ini_read("file.ini", (const char *)data, size, handle, &seen, &err);
    FUZZ_MUST(seen <= lines);
    if (rc != HT_OK) {
        fuzz_explains(&err);
        FUZZ_MUST(rc == HT_USAGE && strncmp(err.what, "file.ini", 8) == 0);
    }
    return 0;
}
