/* One line of `hooktop endpoint import`: read, judged, and kept until all of them are made. */
#ifndef HOOKTOP_SRC_CLI_IMPORT_LINE_H
#define HOOKTOP_SRC_CLI_IMPORT_LINE_H

#include "hooktop/cli/context.h"

struct ht_import_line {
    size_t number;     /* in the file, from 1 */
    char *tenant_name; /* NULL: --tenant, or the only one */
    struct ht_tenant tenant;
    struct ht_endpoint endpoint;
    char *patterns[HT_PATTERNS_MAX];
    size_t n_patterns;
    enum ht_endpoint_status wanted;
    struct ht_secret *brought;
};
void ht_import_line_fini(struct ht_import_line *l);

/* Reads the members of one JSON object. HT_USAGE names the member that is wrong. Blocks on a secret_file only. */
HT_MUST_CHECK enum ht_rc ht_import_line_read(const char *bytes, size_t len, struct ht_import_line *ret,
                                             struct ht_err *err);

#endif
