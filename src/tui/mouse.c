#include <stdlib.h>

#include "hooktop/tui/app.h"

/* The mouse does what keys do: the wheel moves, a click goes to a row, a tab or a screen, a second one opens the row;
 * one on a column's title sorts by it. While something is asked or typed it does nothing. */

#define WHEEL_ROWS 3
#define SECOND_US  400000

static void move(struct ht_app *app, enum ht_action_id action, int times)
{
    for (int i = 0; i < times && ht_app_may(app, &ht_actions[action], NULL); i++)
        ht_app_act(app, action);
}

/* The row under the cursor is where the terminal's cursor is parked. */
static void click_row(struct ht_app *app)
{
    int down = app->pointer_row - app->canvas.cursor_row;
    bool second = app->clicked_row == app->pointer_row && app->now_us - app->clicked_at < SECOND_US;
    if (second && down == 0 && ht_app_may(app, &ht_actions[HT_ACT_OPEN], NULL)) {
        app->clicked_at = 0;
        ht_app_act(app, HT_ACT_OPEN);
        return;
    }
    move(app, down > 0 ? HT_ACT_DOWN : HT_ACT_UP, abs(down));
    app->canvas.cursor_row = app->clicked_row = app->pointer_row; /* where the next frame parks it */
    app->clicked_at = app->now_us;
}

void ht_mouse_key(struct ht_app *app, int32_t key)
{
    if (app->dialog || app->input != HT_INPUT_KEYS)
        return;
    if (key != HT_KEY_CLICK) {
        move(app, key == HT_KEY_WHEEL_UP ? HT_ACT_UP : HT_ACT_DOWN, WHEEL_ROWS);
        return;
    }
    const struct ht_hit *hit = ht_canvas_at(&app->canvas, app->pointer_row, app->pointer_col);
    if (!hit)
        return;
    if (hit->kind == HT_HIT_SCREEN)
        ht_app_key(app, '0' + hit->n);
    else if (hit->kind == HT_HIT_TAB)
        move(app, hit->n > 0 ? HT_ACT_NEXT_TAB : HT_ACT_PREV_TAB, abs(hit->n));
    else if (hit->kind == HT_HIT_COLUMN)
        ht_sort_click(app, hit->name);
    else
        click_row(app);
}
