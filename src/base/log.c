#include "hooktop/base/log.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "hooktop/base/clock.h"
#include "hooktop/base/text.h"

/* One write of at most PIPE_BUF bytes: lines of several processes in one pipe or file do not mix either. */
#define LINE_MAX_BYTES 4096u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum ht_log_level highest_level = HT_LOG_INFO;
static int log_fd = STDERR_FILENO;

void ht_log_level(enum ht_log_level highest)
{
    pthread_mutex_lock(&lock);
    highest_level = highest;
    pthread_mutex_unlock(&lock);
}

enum ht_rc ht_log_file(const char *path, struct ht_err *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return ht_fail(err, HT_FAILED, "log file", "name a file that can be written", "%s: %m", path);
    pthread_mutex_lock(&lock);
    int old = log_fd;
    log_fd = fd;
    pthread_mutex_unlock(&lock);
    if (old != STDERR_FILENO)
        close(old);
    return HT_OK;
}

static void write_line(enum ht_log_level level, const char *text)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    char line[LINE_MAX_BYTES];
    char time[HT_TIME_TEXT];
    ht_time_rfc3339(ht_wall_us(), time);
    size_t len = (size_t)snprintf(line, sizeof(line), "%s %s ", time, names[level]);
    ht_text_clean_str(line + len, sizeof(line) - 1 - len, text, HT_TEXT_CELL);
    len += strlen(line + len);
    line[len++] = '\n';
    pthread_mutex_lock(&lock);
    for (size_t at = 0; level <= highest_level && at < len;) {
        ssize_t n = write(log_fd, line + at, len - at);
        if (n < 0)
            break; /* there is no place left to say so */
        at += (size_t)n;
    }
    pthread_mutex_unlock(&lock);
}

void ht_log(enum ht_log_level level, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    write_line(level, len >= 0 ? text : fmt);
}

void ht_log_err(enum ht_log_level level, const struct ht_err *err)
{
    char text[LINE_MAX_BYTES];
    ht_err_line(err, text, sizeof(text));
    write_line(level, text);
}
