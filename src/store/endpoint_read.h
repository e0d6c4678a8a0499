/* Readers for the columns of an endpoint that are arrays or JSON. The record they fill begins with a struct
 * ht_endpoint. */
#ifndef HT_STORE_ENDPOINT_READ_H
#define HT_STORE_ENDPOINT_READ_H

#include "hooktop/model/records.h"

enum ht_rc ht_endpoint_read_schedule(const char *value, size_t len, void *endpoint, struct ht_err *err);  /* int4[] */
enum ht_rc ht_endpoint_read_workflows(const char *value, size_t len, void *endpoint, struct ht_err *err); /* text[] */
enum ht_rc ht_endpoint_read_headers(const char *value, size_t len, void *endpoint, struct ht_err *err);   /* names */

#endif
