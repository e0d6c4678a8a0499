#include "alert_tell.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hooktop/base/clock.h"
#include "hooktop/base/write.h"
#include "hooktop/cli/input.h"
#include "hooktop/delivery/send.h"

#define POST_MS    15000
#define RUN_MS     60000
#define ARGS_MAX   32
#define CREDENTIAL "hooktop-alert-secret"

extern char **environ;

/* The webhook ------------------------------------------------------------------------------------------------------ */

static void free_signer(struct ht_signer **s)
{
    ht_signer_free(*s);
}

/* What systemd hands the unit, before [alert] secret_file: its user cannot read the file itself. A lone line end is
 * what the unit has where there is none. */
static const char *secret_file(const struct ht_config *c, char credential[PATH_MAX])
{
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    struct stat found = {0};
    if (dir == NULL || dir[0] == '\0')
        return c->alert_secret_file;
    snprintf(credential, PATH_MAX, "%s/" CREDENTIAL, dir);
    return stat(credential, &found) == 0 && found.st_size > 1 ? credential : c->alert_secret_file;
}

static enum ht_rc sign(const char *file, const struct ht_buf *body, struct ht_wire_headers *ret, struct ht_err *err)
{
    HT_SECRET_CLEANUP struct ht_secret *secret = NULL;
    HT_CLEANUP(free_signer) struct ht_signer *signer = NULL;
    const struct ht_profile *p = ht_profile_find("standard");
    struct ht_uuid made = ht_uuid_new();
    char id[64];
    enum ht_rc rc = ht_input_secret(file, &secret, err);
    if (rc == HT_OK)
        rc = ht_signer_new(p->key_kind, secret, &signer, err);
    if (rc != HT_OK)
        return rc;
    ht_profile_event_id(p, &made, id);
    const struct ht_sign_input in = {.type = "hooktop.alert",
                                     .event_id = id,
                                     .timestamp_s = ht_wall_us() / 1000000,
                                     .body = body->data,
                                     .body_len = body->len};
    return p->sign(&in, &signer, 1, ret, err);
}

enum ht_rc ht_alert_post(const struct ht_config *c, const struct ht_buf *body, struct ht_err *err)
{
    HT_CLEANUP(ht_ping_result_fini) struct ht_ping_result answer = {0};
    struct ht_wire_headers headers = {.n = 1, .h = {{"User-Agent", "hooktop/" HT_VERSION}}};
    char credential[PATH_MAX];
    const char *secret = secret_file(c, credential);
    enum ht_rc rc = secret != NULL ? sign(secret, body, &headers, err) : HT_OK;
    const struct ht_send_request r = {
        .url = c->alert_webhook, .headers = &headers, .body = body->data, .body_len = body->len, .timeout_ms = POST_MS};
    if (rc == HT_OK)
        rc = ht_send_once(&c->egress, &r, NULL, &answer, err);
    if (rc != HT_OK || (answer.error == HT_ATTEMPT_NONE && answer.status >= 200 && answer.status < 300))
        return rc;
    return ht_fail(err, HT_FAILED, "[alert] webhook", "it is tried again at the next check", "%s%s%s",
                   ht_attempt_words[answer.error].meaning, answer.error_detail != NULL ? ": " : "",
                   answer.error_detail != NULL ? answer.error_detail : "");
}

/* The command ------------------------------------------------------------------------------------------------------ */

/* Split at blanks; consumes the text. */
static size_t split(char *text, char *argv[ARGS_MAX + 1])
{
    size_t n = 0;
    char *rest = text;
    while (n < ARGS_MAX && (rest += strspn(rest, " \t"))[0] != '\0') {
        argv[n++] = rest;
        rest += strcspn(rest, " \t");
        if (*rest != '\0')
            *rest++ = '\0';
    }
    argv[n] = NULL;
    return n;
}

static enum ht_rc failed(const char *why, struct ht_err *err)
{
    return ht_fail(err, HT_FAILED, "[alert] command", "it is run again at the next check", "%s", why);
}

/* The body lies in an unlinked file, so that a program which does not read it holds nobody up. */
static int open_input(const struct ht_buf *body)
{
    const char *where = getenv("TMPDIR");
    int fd = open(where != NULL ? where : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    if (!ht_write_all(fd, body->data, body->len)) {
        close(fd);
        return -1;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

static enum ht_rc wait_for(pid_t pid, struct ht_err *err)
{
    int status = 0;
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    int64_t until = ht_mono_us() + INT64_C(1000) * RUN_MS;
    int ready = 0;
    do {
        int64_t left_ms = (until - ht_mono_us()) / 1000;
        ready = poll(&ended, 1, left_ms > 0 ? (int)left_ms : 0);
    } while (ready < 0 && errno == EINTR);
    if (ready == 0)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (ended.fd >= 0)
        close(ended.fd);
    if (ready == 0)
        return failed("it was killed after a minute", err);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? HT_OK : failed("it ended with an error", err);
}

enum ht_rc ht_alert_run(const struct ht_config *c, const struct ht_buf *body, struct ht_err *err)
{
    HT_AUTOFREE char *text = ht_strdup(c->alert_command);
    char *argv[ARGS_MAX + 1];
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if (split(text, argv) == 0)
        return failed("it is empty", err);
    int fd = open_input(body);
    if (fd < 0)
        return failed(strerror(errno), err);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    int code = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(fd);
    return code == 0 ? wait_for(pid, err) : failed(strerror(code), err);
}
