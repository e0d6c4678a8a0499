#include "hooktop/tui/chrome.h"

/* A delivery as a row of a list, the same wherever deliveries are listed. */

enum { C_TIME, C_STATUS, C_CODE, C_MS, C_TRY, C_TYPE, C_ENDPOINT, C_ERROR, C_TRIED, C_ID };
const struct ht_column ht_delivery_columns[HT_DELIVERY_COLUMNS] = {
    [C_TIME] = {"TIME(UTC)", 12, 12, 0, false},
    [C_STATUS] = {"ST", 2, 2, 0, false},
    [C_CODE] = {"CODE", 4, 4, 0, true},
    [C_MS] = {"MS", 5, 6, 3, true},
    [C_TRY] = {"TRY", 5, 5, 2, false},
    [C_TYPE] = {"TYPE", 18, 34, 0, false},
    [C_ENDPOINT] = {"ENDPOINT", 12, 40, 0, false},
    [C_ERROR] = {"ERROR", 12, 18, 4, false},
    [C_TRIED] = {"TRIED(UTC)", 12, 12, 6, false},
    [C_ID] = {"ID", 10, 10, 5, false},
};

void ht_delivery_cell(const struct ht_app *app, const struct ht_delivery *d, size_t column, struct ht_cell_text *t)
{
    bool retrying = d->status == HT_DELIVERY_READY && d->attempts > 0;
    switch (column) {
    case C_TIME:
        ht_time_of_day(app, d->created_at, t->own); /* the order of the log */
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_TRIED:
        ht_time_of_day(app, d->last_attempt_at, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
        break;
    case C_STATUS:
        ht_cell_str(t, ht_style_of_delivery(d->status, d->attempts),
                    retrying ? HT_DELIVERY_RETRYING : ht_delivery_words[d->status].sign);
        break;
    case C_CODE:
        if (d->last_status)
            ht_cell_fmt(t, d->last_status < 300 ? HT_STYLE_ROW : HT_STYLE_RETRY, "%d", (int)d->last_status);
        else
            ht_cell_str(t, HT_STYLE_DIM, "-");
        break;
    case C_MS:
        if (d->attempts)
            ht_cell_ms(t, d->last_duration_ms);
        else
            ht_cell_str(t, HT_STYLE_DIM, "-");
        break;
    case C_TRY:
        ht_cell_fmt(t, HT_STYLE_ROW, "%d/%d", (int)d->attempts, (int)d->attempts_max);
        break;
    case C_TYPE:
        ht_cell_str(t, HT_STYLE_ROW, d->type);
        break;
    case C_ENDPOINT:
        ht_cell_str(t, HT_STYLE_ROW,
                    d->endpoint_description && d->endpoint_description[0] ? d->endpoint_description : d->endpoint_url);
        break;
    case C_ERROR:
        ht_cell_str(t, HT_STYLE_RETRY, d->status == HT_DELIVERY_SUCCEEDED ? "" : ht_attempt_words[d->last_error].name);
        break;
    default:
        ht_short_id(&d->id, t->own);
        ht_cell_str(t, HT_STYLE_ROW, t->own);
    }
}
