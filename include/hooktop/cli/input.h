/* What commands read and write besides the database: bounded files, pipes, secrets. "-" is standard input.
 * Main thread; blocks on the file or pipe. */
#ifndef HOOKTOP_CLI_INPUT_H
#define HOOKTOP_CLI_INPUT_H

#include "hooktop/base/buf.h"
#include "hooktop/base/secret.h"
#include "hooktop/model/records.h"

/* The whole file, pipe or standard input; HT_USAGE when it has more than max_bytes. *ret is initialised here. */
HT_MUST_CHECK enum ht_rc ht_input_read(const char *path, size_t max_bytes, struct ht_buf *ret, struct ht_err *err);
/* The same into secret memory, without line ends at its end. */
HT_MUST_CHECK enum ht_rc ht_input_secret(const char *path, struct ht_secret **ret, struct ht_err *err);
/* A new file with mode 0600 that shall hold a secret. It is made before the secret is, so that a secret which can be
 * shown once is not lost for a wrong path. Refuses to replace a file. Then one of _write (a line end follows) and
 * _drop. */
HT_MUST_CHECK enum ht_rc ht_secret_file_open(const char *path, int *ret_fd, struct ht_err *err);
HT_MUST_CHECK enum ht_rc ht_secret_file_write(const char *path, int fd, const struct ht_secret *s, struct ht_err *err);
void ht_secret_file_drop(const char *path, int fd);

/* "Name: value" into two owned strings. */
HT_MUST_CHECK enum ht_rc ht_header_parse(const char *text, struct ht_header *ret, struct ht_err *err);
/* "5s,5m,30m" into seconds. */
HT_MUST_CHECK enum ht_rc ht_schedule_parse(const char *text, int32_t ret[HT_SCHEDULE_MAX], uint8_t *ret_len,
                                           struct ht_err *err);

#endif
