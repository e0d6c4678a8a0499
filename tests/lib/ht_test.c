#include "ht_test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "hooktop/base/buf.h"
#include "hooktop/base/clock.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define SLOWER 6
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SLOWER 6
#endif
#endif
#ifndef SLOWER
#define SLOWER 1
#endif

#define FILE_MAX_BYTES (64u * 1024u * 1024u)

int64_t ht_test_deadline_us(int64_t timeout_ms)
{
    return ht_mono_us() + timeout_ms * SLOWER * 1000;
}

bool ht_test_passed(int64_t deadline_us)
{
    return ht_mono_us() >= deadline_us;
}

void ht_test_pause(void)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    nanosleep(&pause, NULL);
}

bool ht_test_wait(bool (*done)(void *user), void *user, int64_t timeout_ms)
{
    int64_t until = ht_test_deadline_us(timeout_ms);
    while (!done(user)) {
        if (ht_test_passed(until))
            return false;
        ht_test_pause();
    }
    return true;
}

char *ht_test_dir(void)
{
    const char *work = getenv("HT_TEST_WORK");
    struct ht_buf path;
    ht_buf_init(&path, 4096);
    ht_buf_addf(&path, "%s/t.XXXXXX", work != NULL ? work : P_tmpdir);
    if (mkdtemp(path.data) == NULL)
        fail_msg("cannot make the directory %s", path.data);
    return ht_buf_take(&path, NULL);
}

char *ht_test_read_file(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "re");
    if (f == NULL)
        fail_msg("cannot read %s", path);
    struct ht_buf b;
    ht_buf_init(&b, FILE_MAX_BYTES);
    char part[65536];
    size_t n;
    while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
        ht_buf_add(&b, part, n);
    if (f == NULL || ferror(f) || b.over)
        fail_msg("cannot read all of %s", path);
    else
        fclose(f);
    return ht_buf_take(&b, ret_len);
}

void ht_test_write_file(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "we");
    bool good = f != NULL && fwrite(bytes, 1, len, f) == len;
    if (f != NULL && fclose(f) != 0)
        good = false;
    if (!good)
        fail_msg("cannot write %s", path);
}

char *ht_test_program(void)
{
    const char *build = getenv("HT_BUILD");
    if (build == NULL)
        fail_msg("HT_BUILD is not set: run this through tests/run.sh");
    struct ht_buf path;
    ht_buf_init(&path, 4096);
    ht_buf_addf(&path, "%s/hooktop", build != NULL ? build : "");
    return ht_buf_take(&path, NULL);
}
