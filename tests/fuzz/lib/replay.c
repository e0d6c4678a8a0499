/* Gives a fuzz target everything in its corpus, once. Built without libFuzzer, by the compiler that builds the program.
 * usage: TARGET, from the top of the source tree, or TARGET FILE... */
#include <dirent.h>
#include <errno.h>

#include "fuzz.h"

static void replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    if (f == NULL || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        fprintf(stderr, "%s: %m\n", path);
        exit(1);
    }
    size_t size = (size_t)st.st_size;
    uint8_t *bytes = malloc(size); /* exactly as much, so that reading past the end is seen */
    if (fread(bytes, 1, size, f) != size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(f);
    fprintf(stderr, "# %s\n", path); /* the last one named is the one that failed */
    (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc > 1)
        return 0;
    const char *slash = strrchr(argv[0], '/'), *name = slash != NULL ? slash + 1 : argv[0];
    char dir[256], path[768];
    struct dirent **files;
    snprintf(dir, sizeof dir, "tests/fuzz/corpus/%s", name);
    int n = scandir(dir, &files, NULL, by_name), done = 0;
    for (int i = 0; i < n; i++) {
        if (files[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", dir, files[i]->d_name);
            replay(path);
            done++;
        }
        free(files[i]);
    }
    if (n >= 0)
        free(files);
    printf("%s 1 - %s: %d inputs hold what the target demands\n", done > 0 ? "ok" : "not ok", name, done);
    return done > 0 ? 0 : 1;
}
