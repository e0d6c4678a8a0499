/* What fuzz targets share. A target is one file of tests/fuzz, found by its name alone: it defines
 * LLVMFuzzerTestOneInput, and what it once was given lies in tests/fuzz/corpus/NAME. With clang it becomes a fuzzer
 * (make fuzz), with the project's compiler a test that replays its corpus (lib/replay.c).
 *
 * A target that only looks for crashes misses most mistakes: say what must hold with FUZZ_MUST. */
#ifndef HT_FUZZ_H
#define HT_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hooktop/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_MUST(condition)                                                                                           \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* A string of exactly its size, so that reading past its end is seen; it ends at the first NUL. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    return ht_strndup((const char *)data, strnlen((const char *)data, size));
}

/* A failed call left words that can be shown: something, printable ASCII or UTF-8 without controls, one line. */
static inline void fuzz_explains(const struct ht_err *err)
{
    char line[2048];
    size_t len = ht_err_line(err, line, sizeof line);
    FUZZ_MUST(err->rc != HT_OK && err->why[0] != '\0' && len > 0 && len == strlen(line));
    for (size_t i = 0; i < len; i++)
        FUZZ_MUST((unsigned char)line[i] >= 0x20 && line[i] != 0x7f);
}

/* A path whose file holds these bytes until the next call; mode 0600, never on a disk. */
static inline const char *fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_MUST(fd >= 0 && fchmod(fd, 0600) == 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    FUZZ_MUST(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

#endif
