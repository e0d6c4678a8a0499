/* Everything around a screen's body, and small pieces that screens share. The UI's thread. */
#ifndef HOOKTOP_TUI_CHROME_H
#define HOOKTOP_TUI_CHROME_H

#include "hooktop/tui/app.h"
#include "hooktop/tui/list.h"
#include "hooktop/tui/pager.h"

#define HT_AGE_TEXT 24

#define HT_MIN_ROWS 8
#define HT_MIN_COLS 40

/* " [Overview]  Subscriptions  Secrets ": the current one in brackets, so that it shows without colours. */
void ht_chrome_tabs(struct ht_canvas *c, int row, int col, int width, const char *const *names, int n, int current);
/* " 1 Endpoints  2 Deliveries ...", the screens of the first level. */
void ht_chrome_screens(struct ht_app *app, struct ht_canvas *c, int row, int col, int width);
/* " filter: ..." with what the list counts at its end. */
void ht_chrome_filter(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, int row, int col, int width,
                      const char *right);
/* Takes rows off the top of *r for the screens' bar (on tall terminals) and the filter line, and draws them. */
void ht_chrome_list_head(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect *r,
                         const char *right);

/* "14:02:58.440" (another day: "11-19 14:02"), "2026-11-20 14:02:58", "3m ago" or an absolute time as the user wants
 * it; "-" for 0. */
void ht_time_of_day(const struct ht_app *app, int64_t us, char ret[HT_AGE_TEXT]);
void ht_time_full(int64_t us, char ret[HT_AGE_TEXT]);
void ht_time_age(const struct ht_app *app, int64_t us, char ret[HT_AGE_TEXT]);
/* The first eight digits of an id: how lists and titles show it. */
void ht_short_id(const struct ht_uuid *id, char ret[12]);
/* What an endpoint is called: its description, else its URL. */
const char *ht_endpoint_name(const struct ht_endpoint *e);

/* A delivery as a row (delivery_row.c). */
#define HT_DELIVERY_COLUMNS 10
extern const struct ht_column ht_delivery_columns[HT_DELIVERY_COLUMNS];
void ht_delivery_cell(const struct ht_app *app, const struct ht_delivery *d, size_t column, struct ht_cell_text *ret);

/* An audit entry as a row, its anchor, and as a text (audit_row.c). `whole`: with what the row says already. */
extern const struct ht_column ht_audit_columns[];
extern const size_t ht_audit_columns_len;
void ht_audit_cell(const struct ht_audit_entry *e, size_t column, struct ht_cell_text *ret);
struct ht_uuid ht_audit_id(const struct ht_audit_entry *e);
void ht_audit_describe(const struct ht_audit_entry *e, bool whole, struct ht_doc *d);
void ht_audit_open(struct ht_app *app, const struct ht_audit_entry *e);

/* How an endpoint fares, and what would disable it (endpoint_health.c). */
void ht_health_describe(const struct ht_app *app, const struct ht_endpoint *e, const struct ht_endpoint_health *h,
                        struct ht_doc *d);

/* screen_form.c: a new endpoint (NULL), or the settings of one. */
void ht_form_open(struct ht_app *app, const struct ht_endpoint *e);
/* The draft that was sent is stored: closes its form. */
void ht_form_stored(struct ht_app *app, uint64_t ticket);

/* spark.c: a small graph, one column a value. */
void ht_spark(const int32_t *values, size_t n, bool ascii, char *ret, size_t size);
/* "3m", "in 4h"; "14:02" or "11-19" when times are absolute; "-" for 0: for narrow columns. */
void ht_time_short(const struct ht_app *app, int64_t us, char ret[HT_AGE_TEXT]);
/* How many wait: "17", ">9999" where counting stopped. Returns `ret`. */
#define HT_FIGURE_TEXT 12
const char *ht_figure_text(int64_t n, char ret[HT_FIGURE_TEXT]);
/* screen_failures.c: how far back the groups of this screen go; by what they are made. */
int64_t ht_failures_since(const struct ht_app *app, const struct ht_screen *s);
enum ht_failure_by ht_failures_by(const struct ht_screen *s);

/* screen_doc.c: members of the class of a screen that is one text, s->doc. The text has the body to itself, a line
 * below what is above it. */
void ht_doc_screen_draw(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect r);
bool ht_doc_screen_act(struct ht_app *app, struct ht_screen *s, enum ht_action_id action);
void ht_doc_screen_status(struct ht_app *app, struct ht_screen *s, char *ret, size_t size);

/* screen_type.c: one event type, copied. */
void ht_type_open(struct ht_app *app, const struct ht_event_type *e);
/* The times of a request in one line. */
void ht_doc_phases(struct ht_doc *d, const struct ht_phases *p, const struct ht_canvas *c);

enum ht_style ht_style_of_delivery(enum ht_delivery_status status, int32_t attempts);
enum ht_style ht_style_of_endpoint(enum ht_endpoint_status status);

#endif
