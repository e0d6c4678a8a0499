/* Inside the configuration only: setting one value of the table in config.h. */
#ifndef HOOKTOP_SRC_CLI_CONFIG_SETTINGS_H
#define HOOKTOP_SRC_CLI_CONFIG_SETTINGS_H

#include "hooktop/cli/config.h"

#define HT_SETTINGS_MAX 64

/* Reads `value` as the file has it into its field of *c. HT_USAGE. */
HT_MUST_CHECK enum ht_rc ht_setting_set(const struct ht_setting *s, const char *value, struct ht_config *c,
                                        struct ht_err *err);
void *ht_setting_field(const struct ht_setting *s, struct ht_config *c);
/* $HOME/NAME, owned by the caller. */
char *ht_path_home(const char *name);

#endif
