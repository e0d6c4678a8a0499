/* Inside the configuration only: reading a connection string as libpq does, in both of its forms. Needed to show one
 * without its password and to add one; everything else about it is libpq's business. */
#ifndef HOOKTOP_SRC_CLI_CONFIG_DSN_H
#define HOOKTOP_SRC_CLI_CONFIG_DSN_H

#include <stdbool.h>
#include <stddef.h>

/* Key and value are decoded, and wiped after the call. */
typedef void ht_dsn_pair_fn(void *user, const char *key, const char *value);
/* False: it is neither form; the pairs before the mistake have been given out. */
bool ht_dsn_each(const char *dsn, ht_dsn_pair_fn *fn, void *user);
/* Appends "key='value'" to the text in an array of `size` bytes, quoted; false: it has no room. */
bool ht_dsn_append(char *text, size_t size, const char *key, const char *value);
/* The same database with a password, owned by the caller, to be wiped; NULL: the dsn cannot be read. */
char *ht_dsn_with_password(const char *dsn, const char *password);

#endif
