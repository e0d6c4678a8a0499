#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "console_parts.h"
#include "hooktop/base/write.h"
#include "hooktop/cli/detail.h"
#include "hooktop/cli/evidence.h"

#define NAMES_MAX 100

/* A new file in the working directory, its name made of the delivery, the attempt and, if there is one already, a
 * number. */
static int create(const struct ht_request *q, char ret_name[128])
{
    char id[HT_UUID_TEXT];
    int fd = -1;
    ht_uuid_format(&q->id, id);
    for (int i = 1; fd < 0 && i <= NAMES_MAX; i++) {
        char again[16] = "";
        if (i > 1)
            snprintf(again, sizeof again, ".%d", i);
        snprintf(ret_name, 128, "hooktop-%s-%d%s.txt", id, (int)q->state, again);
        fd = open(ret_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

enum ht_rc ht_part_evidence(struct ht_part *p, const struct ht_request *q, struct ht_reply *r, struct ht_err *err)
{
    HT_CLEANUP(ht_delivery_detail_fini) struct ht_delivery_detail d = {0};
    HT_BUF_CLEANUP struct ht_buf text;
    char id[HT_UUID_TEXT], name[128], directory[PATH_MAX] = ".", said[PATH_MAX + 160];
    ht_buf_init(&text, HT_EVIDENCE_MAX);
    ht_uuid_format(&q->id, id);
    enum ht_rc rc = ht_delivery_detail_load(p->conn, id, 0, &d, err);
    if (rc == HT_OK)
        rc = ht_evidence(&d, q->state, &text, err);
    if (rc != HT_OK)
        return rc;
    int fd = create(q, name);
    if (fd < 0)
        return ht_fail(err, HT_FAILED, "evidence", "start hooktop in a directory where you may write",
                       "cannot create %s: %s", name, strerror(errno));
    bool written = ht_write_all(fd, text.data, text.len);
    if (close(fd) != 0 || !written) {
        rc = ht_fail(err, HT_FAILED, "evidence", NULL, "cannot write it: %s", strerror(errno));
        unlink(name);
        return rc;
    }
    if (!getcwd(directory, sizeof directory))
        snprintf(directory, sizeof directory, ".");
    snprintf(said, sizeof said, "%s, mode 0600, in %s", name, directory);
    r->text = ht_strdup(said);
    return HT_OK;
}
