/* How the tables of fields (output.h) are written. */
#ifndef HOOKTOP_SRC_CLI_FIELDS_H
#define HOOKTOP_SRC_CLI_FIELDS_H

#include <stddef.h>

#include "hooktop/cli/output.h"

#define FIELD(record, member, name, title, kind, flags)                                                                \
    {                                                                                                                  \
        name, title, kind, flags, offsetof(struct record, member), NULL, NULL                                          \
    }
#define WORD(record, member, name, title, words, flags)                                                                \
    {                                                                                                                  \
        name, title, HT_FIELD_WORD, flags, offsetof(struct record, member), words, NULL                                \
    }
#define OTHER(name, title, put, flags)                                                                                 \
    {                                                                                                                  \
        name, title, HT_FIELD_OTHER, flags, 0, NULL, put                                                               \
    }
#define KIND(id, record, fields) const struct ht_record_kind id = {fields, HT_COUNT(fields), sizeof(struct record)}

#define COLUMN  HT_FIELD_COLUMN
#define DETAIL  HT_FIELD_DETAIL
#define SHRINKS HT_FIELD_SHRINKS
#define COUNTS  HT_FIELD_COUNTS
#define GIVES   HT_FIELD_GIVES

#endif
