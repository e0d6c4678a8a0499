/* Key ring files: made whole or not at all, and refused unless they are safe and sound. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/vault/vault.h"

/* Private keys 01.. and 02.. (32 times); their ids by openssl pkey -pubout and sha256sum. */
#define KEY_1 "ht-ring-1 1a92f23852dc908d AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
#define KEY_2 "ht-ring-1 cfa570c653bd212b AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="

static char dir[] = "/tmp/hooktop-ring-XXXXXX";
static char path[64];

static int set_up(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/ring", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    DIR *d = opendir(dir);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
    return rmdir(dir);
}

static unsigned entries(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void write_file(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(chmod(name, mode), 0);
}

static enum ht_rc load(const char *name, struct ht_err *err)
{
    struct ht_ring *r = NULL;
    memset(err, 0, sizeof *err);
    enum ht_rc rc = ht_ring_load(name, &r, err);
    assert_true((rc == HT_OK) == (r != NULL));
    assert_int_equal(rc, err->rc);
    assert_null(strstr(err->why, "AQEB")); /* never the key itself */
    ht_ring_free(r);
    return rc;
}

static void a_new_ring_is_private_and_loads(void **state)
{
    (void)state;
    mode_t before = umask(0);
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    umask(before);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_nlink, 1);
    assert_int_equal(entries(), 1);
    struct ht_ring *r = NULL;
    assert_int_equal(ht_ring_load(path, &r, NULL), HT_OK);
    assert_int_equal(ht_ring_count(r), 1);
    ht_ring_free(r);
}

static void a_ring_is_never_replaced_by_a_new_one(void **state)
{
    (void)state;
    struct ht_err err = {0};
    write_file(path, "precious", 0600);
    assert_int_equal(ht_ring_create(path, &err), HT_FAILED);
    assert_non_null(strstr(err.why, "there already"));
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, 8);
    assert_int_equal(entries(), 1);
}

static void only_one_of_many_creators_wins(void **state)
{
    (void)state;
    enum { N = 8 };
    for (int i = 0; i < N; i++)
        if (fork() == 0)
            _exit(ht_ring_create(path, NULL) == HT_OK ? 0 : 1);
    int won = 0, status = 0;
    for (int i = 0; i < N; i++) {
        assert_true(wait(&status) > 0);
        won += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    assert_int_equal(won, 1);
    struct ht_err err;
    assert_int_equal(load(path, &err), HT_OK);
    assert_int_equal(entries(), 1);
}

static void an_added_key_becomes_current_and_the_old_one_stays(void **state)
{
    (void)state;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    struct ht_ring *r = NULL;
    struct ht_seal_key first, key;
    bool current = false;
    assert_int_equal(ht_ring_load(path, &r, NULL), HT_OK);
    ht_ring_public(r, 0, &first, &current);
    assert_true(current);
    ht_ring_free(r);
    assert_int_equal(ht_ring_add_key(path, NULL), HT_OK);
    assert_int_equal(ht_ring_add_key(path, NULL), HT_OK);
    assert_int_equal(ht_ring_load(path, &r, NULL), HT_OK);
    assert_int_equal(ht_ring_count(r), 3);
    for (size_t i = 0; i < 3; i++) {
        ht_ring_public(r, i, &key, &current);
        assert_int_equal(current, i == 2);
        assert_true(ht_ring_has(r, key.id));
    }
    ht_ring_public(r, 0, &key, &current);
    assert_memory_equal(&key, &first, sizeof key);
    ht_ring_free(r);
    assert_int_equal(entries(), 1);
}

static void keys_added_at_once_are_all_kept(void **state)
{
    (void)state;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    enum { N = 8 };
    for (int i = 0; i < N; i++)
        if (fork() == 0)
            _exit(ht_ring_add_key(path, NULL) == HT_OK ? 0 : 1);
    int status = 0;
    for (int i = 0; i < N; i++) {
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    struct ht_ring *r = NULL;
    assert_int_equal(ht_ring_load(path, &r, NULL), HT_OK);
    assert_int_equal(ht_ring_count(r), N + 1);
    ht_ring_free(r);
}

static void a_full_ring_takes_no_more(void **state)
{
    (void)state;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    for (unsigned i = 1; i < HT_RING_KEYS_MAX; i++)
        assert_int_equal(ht_ring_add_key(path, NULL), HT_OK);
    struct ht_err err = {0};
    assert_int_equal(ht_ring_add_key(path, &err), HT_USAGE);
    assert_int_equal(load(path, &err), HT_OK);
    assert_int_equal(entries(), 1);
}

static void the_file_has_the_form_that_is_documented(void **state)
{
    (void)state;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    assert_int_equal(ht_ring_add_key(path, NULL), HT_OK);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    char line[256], id[32], key[64], mark[32];
    assert_non_null(fgets(line, sizeof line, f));
    assert_int_equal(sscanf(line, "ht-ring-1 %16[0-9a-f] %44[A-Za-z0-9+/=]%31s", id, key, mark), 2);
    assert_non_null(fgets(line, sizeof line, f));
    assert_int_equal(sscanf(line, "ht-ring-1 %16[0-9a-f] %44[A-Za-z0-9+/=] %31s", id, key, mark), 3);
    assert_string_equal(mark, "current");
    assert_null(fgets(line, sizeof line, f));
    fclose(f);
}

static void a_key_made_elsewhere_is_read(void **state)
{
    (void)state;
    struct ht_err err;
    write_file(path, KEY_1 " current\n", 0600);
    assert_int_equal(load(path, &err), HT_OK);
    write_file(path, KEY_2 "\n" KEY_1 " current", 0600); /* without the last line feed */
    assert_int_equal(load(path, &err), HT_OK);
}

static void modes_that_others_can_use_are_refused(void **state)
{
    (void)state;
    /* 0640 and 0440 are for a ring that root owns */
    static const struct {
        mode_t mode;
        bool root_only;
    } good[] = {{0600, false}, {0400, false}, {0640, true}, {0440, true}};
    static const mode_t bad[] = {0644, 0660, 0604, 0666, 0700, 0610, 0620, 0601, 04600, 02640};
    struct ht_err err;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    for (size_t i = 0; i < HT_COUNT(good); i++) {
        assert_int_equal(chmod(path, good[i].mode), 0);
        assert_int_equal(load(path, &err), good[i].root_only && geteuid() != 0 ? HT_DENIED : HT_OK);
    }
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        assert_int_equal(chmod(path, bad[i]), 0);
        assert_int_equal(load(path, &err), HT_DENIED);
        char mode[16];
        snprintf(mode, sizeof mode, "mode %04o", (unsigned)bad[i]);
        assert_non_null(strstr(err.why, mode));
        assert_non_null(strstr(err.fix, "chmod 0600 "));
        assert_non_null(strstr(err.fix, path));
        assert_int_equal(ht_ring_add_key(path, NULL), HT_DENIED);
    }
}

static void a_changed_ring_keeps_its_mode(void **state)
{
    (void)state;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    mode_t mode = geteuid() == 0 ? 0640 : 0400;
    assert_int_equal(chmod(path, mode), 0);
    assert_int_equal(ht_ring_add_key(path, NULL), HT_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, mode);
}

static void a_stranger_s_ring_is_refused(void **state)
{
    (void)state;
    if (geteuid() != 0) { /* cmocka's own skip() counts as a failure in TAP */
        printf("ok - a_stranger_s_ring_is_refused # SKIP only root can give a file away\n");
        return;
    }
    struct ht_err err;
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
    assert_int_equal(load(path, &err), HT_DENIED);
    assert_non_null(strstr(err.why, "65534"));
}

static void what_is_no_plain_file_is_refused(void **state)
{
    (void)state;
    struct ht_err err;
    char link_path[80];
    assert_int_equal(load(path, &err), HT_NOT_FOUND);
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    snprintf(link_path, sizeof link_path, "%s/link", dir);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(load(link_path, &err), HT_DENIED);
    assert_non_null(strstr(err.why, "symbolic link"));
    assert_int_equal(load(dir, &err), HT_DENIED);
    char fifo_path[80];
    snprintf(fifo_path, sizeof fifo_path, "%s/fifo", dir);
    assert_int_equal(mkfifo(fifo_path, 0600), 0);
    assert_int_equal(load(fifo_path, &err), HT_DENIED);
    char deep[80];
    snprintf(deep, sizeof deep, "%s/none/ring", dir);
    assert_int_equal(ht_ring_create(deep, &err), HT_FAILED);
}

static void malformed_rings_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        KEY_1 "\n",                            /* none current */
        KEY_1 " current\n" KEY_2 " current\n", /* two current */
        KEY_1 " current\n" KEY_1 "\n",         /* twice the same */
        KEY_1 " current\n\n",                  /* an empty line */
        KEY_1 " current \n",                   /* more at the end */
        KEY_1 " Current\n",                    /* another word */
        " " KEY_1 " current\n",                /* moved */
        "ht-ring-2 1a92f23852dc908d AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= current\n",
        "ht-ring-1 0000000000000001 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= current\n", /* id of no key */
        "ht-ring-1 zzzzzzzzzzzzzzzz AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE= current\n",
        "ht-ring-1 0000000000000001 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB current\n", /* 33 bytes */
        "ht-ring-1 0000000000000001 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ== current\n", /* 31 bytes */
        "ht-ring-1 0000000000000001 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB*QEBAQEBAQE= current\n",
    };
    struct ht_err err;
    for (size_t i = 0; i < HT_COUNT(bad); i++) {
        write_file(path, bad[i], 0600);
        assert_int_equal(load(path, &err), HT_USAGE);
        assert_non_null(strstr(err.why, path));
    }
    char *large = malloc(20001);
    memset(large, 'x', 20000);
    large[20000] = '\0';
    write_file(path, large, 0600);
    free(large);
    assert_int_equal(load(path, &err), HT_USAGE);
}

static void the_service_s_credential_goes_first(void **state)
{
    (void)state;
    struct ht_err err;
    char credential[96];
    assert_int_equal(ht_ring_create(path, NULL), HT_OK);
    setenv("CREDENTIALS_DIRECTORY", dir, 1);
    assert_int_equal(load(path, &err), HT_OK); /* no credential of that name: the path */
    snprintf(credential, sizeof credential, "%s/hooktop-key-ring", dir);
    write_file(credential, KEY_1 " current\n", 0400);
    struct ht_ring *r = NULL;
    struct ht_seal_key key;
    assert_int_equal(ht_ring_load("/nowhere/at/all", &r, NULL), HT_OK);
    ht_ring_public(r, 0, &key, NULL);
    assert_int_equal(key.id[0], 0x1a);
    ht_ring_free(r);
    assert_int_equal(chmod(credential, 0444), 0); /* there but wrong: no way round it */
    assert_int_equal(load(path, &err), HT_DENIED);
}

int main(void)
{
    ht_secret_init_process();
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(a_new_ring_is_private_and_loads),
        T(a_ring_is_never_replaced_by_a_new_one),
        T(only_one_of_many_creators_wins),
        T(an_added_key_becomes_current_and_the_old_one_stays),
        T(keys_added_at_once_are_all_kept),
        T(a_full_ring_takes_no_more),
        T(the_file_has_the_form_that_is_documented),
        T(a_key_made_elsewhere_is_read),
        T(modes_that_others_can_use_are_refused),
        T(a_changed_ring_keeps_its_mode),
        T(a_stranger_s_ring_is_refused),
        T(what_is_no_plain_file_is_refused),
        T(malformed_rings_are_refused),
        T(the_service_s_credential_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
