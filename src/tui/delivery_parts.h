/* The texts of a delivery's tabs, each about one attempt (NULL: none was made). Private to src/tui. */
#ifndef HOOKTOP_SRC_TUI_DELIVERY_PARTS_H
#define HOOKTOP_SRC_TUI_DELIVERY_PARTS_H

#include "hooktop/tui/chrome.h"

void ht_delivery_request(const struct ht_delivery_detail *v, const struct ht_attempt *a, enum ht_body_view view,
                         struct ht_doc *d);
void ht_delivery_response(const struct ht_attempt *a, enum ht_body_view view, struct ht_doc *d);
/* What was signed, with what, and how a receiver checks it. */
void ht_delivery_signature(const struct ht_delivery_detail *v, const struct ht_attempt *a, struct ht_doc *d);
void ht_delivery_timeline(const struct ht_app *app, const struct ht_delivery_detail *v, struct ht_doc *d);
/* What is different from the endpoint's last success. */
void ht_delivery_compare(const struct ht_delivery_detail *v, const struct ht_attempt *a, struct ht_doc *d);

/* The value of a header among "Name: value" lines; NULL: it is not there. Not terminated: *ret_len. */
const char *ht_header_value(const char *lines, const char *name, size_t name_len, size_t *ret_len);

#endif
