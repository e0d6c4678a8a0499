#include "hooktop/tui/chrome.h"

#include <stdio.h>
#include <string.h>

#include "hooktop/base/clock.h"

#define BAR_MIN_ROWS 16 /* below, the screens' bar gives its row to the list */

/* The title -------------------------------------------------------------------------------------------------------- */
static void db_word(const struct ht_app *app, char *ret, size_t size)
{
    int64_t since = (app->now_us - app->link_since_us) / 1000000,
            retry = (app->retry_at_us - app->now_us + 999999) / 1000000;
    if (app->link == HT_LINK_UP)
        snprintf(ret, size, "db ok %dms", (int)app->took_ms);
    else if (app->link == HT_LINK_CONNECTING)
        snprintf(ret, size, "db connecting");
    else
        snprintf(ret, size, "db LOST %llds, retry in %llds", (long long)since, (long long)(retry > 0 ? retry : 0));
}

static void engine_word(const struct ht_app *app, bool room, char *ret, size_t size)
{
    const struct ht_engine_figures *f = &app->figures;
    char why[sizeof f->why + 4] = "";
    if (room && f->why[0])
        snprintf(why, sizeof why, ": %s", f->why);
    switch (f->state) {
    case HT_ENGINE_DELIVERING:
        if (room)
            snprintf(ret, size, "delivering %d/%d", (int)f->in_flight, (int)f->slots);
        else
            snprintf(ret, size, "delivering");
        break;
    case HT_ENGINE_STANDBY:
        snprintf(ret, size, "standing by%s", why);
        break;
    case HT_ENGINE_NO_DATABASE:
        snprintf(ret, size, "engine waits for the db");
        break;
    case HT_ENGINE_NO_WAY_OUT:
        snprintf(ret, size, "engine off: no way out%s", why);
        break;
    default:
        snprintf(ret, size, "engine off%s", why);
    }
}

static void clock_word(const struct ht_app *app, char *ret, size_t size)
{
    int64_t now = ht_app_db_now(app);
    ret[0] = '\0';
    if (app->o->clock_off)
        return;
    if (!now)
        now = ht_wall_us();
    int64_t s = now / 1000000 % 86400;
    snprintf(ret, size, "%02d:%02d:%02dZ", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

/* From the right: the database, the clock, the engine; each is left out when it would leave the name no room. */
static int draw_title_right(struct ht_app *app, struct ht_canvas *c)
{
    char words[3][224];
    int end = c->cols - 1, keep = c->cols >= 100 ? 40 : 24;
    db_word(app, words[0], sizeof words[0]);
    clock_word(app, words[1], sizeof words[1]);
    engine_word(app, c->cols >= 100, words[2], sizeof words[2]);
    for (int i = 0; i < 3; i++) {
        int width = (int)ht_text_width(words[i], strlen(words[i]), HT_TEXT_CELL);
        if (i == 2 && width > end - 2 - keep && c->cols >= 100)
            width = end - 2 - keep; /* a long reason is cut, not left out */
        if (width <= 0 || end - 2 - width < keep)
            continue;
        bool wrong =
            (i == 0 && app->link == HT_LINK_LOST) ||
            (i == 2 && (app->figures.state == HT_ENGINE_NO_WAY_OUT || app->figures.state == HT_ENGINE_NO_DATABASE));
        ht_draw_str(c, 0, end - width, width, wrong ? HT_STYLE_TITLE_WARN : HT_STYLE_TITLE, words[i]);
        end -= width + 2;
    }
    return end;
}

static const char *crumb_of(const struct ht_screen *s)
{
    return s->crumb[0] ? s->crumb : s->class->title;
}

/* Where the path through the screens begins so that its end, the place where one is, has room. */
static size_t first_crumb(const struct ht_app *app, int room)
{
    size_t first = app->depth - 1, need = 0;
    for (size_t i = app->depth; i-- > 0; first = i) {
        const char *crumb = crumb_of(app->stack[i]);
        need += ht_text_width(crumb, strlen(crumb), HT_TEXT_CELL) + 3;
        if (need > (size_t)(room > 0 ? room : 0))
            break;
    }
    return first;
}

static void draw_title(struct ht_app *app, struct ht_canvas *c)
{
    ht_draw_fill(c, (struct ht_rect){0, 0, 1, c->cols}, HT_STYLE_TITLE);
    int end = draw_title_right(app, c), col = 1;
    const char *env = app->o->environment;
    if (!env || !env[0]) /* nobody named it: then the database says where one is */
        env = app->who.database ? app->who.database : "";
    col += ht_draw_run(c, 0, col, end - col, HT_STYLE_TITLE, "hooktop  ");
    col += ht_draw_run(c, 0, col, end - col, app->o->production ? HT_STYLE_TITLE_PRODUCTION : HT_STYLE_TITLE_ENV, env);
    if (app->o->readonly)
        col += ht_draw_run(c, 0, col, end - col, HT_STYLE_TITLE_WARN, " [RO]");
    for (size_t i = first_crumb(app, end - col); i < app->depth; i++) {
        col += ht_draw_run(c, 0, col, end - col, HT_STYLE_TITLE, " > ");
        col += ht_draw_run(c, 0, col, end - col, HT_STYLE_TITLE, crumb_of(app->stack[i]));
    }
    if (app->stack[app->depth - 1]->marks.n) /* where nothing that is said covers it */
        ht_draw_fmt(c, 0, col, end - col, HT_STYLE_TITLE_WARN, " %zu marked", app->stack[app->depth - 1]->marks.n);
}

/* The last two rows ------------------------------------------------------------------------------------------------ */
static void draw_line_input(struct ht_app *app, struct ht_canvas *c, int row)
{
    ht_draw_fill(c, (struct ht_rect){row, 0, 1, c->cols}, HT_STYLE_NONE);
    int used = 1 + ht_draw_run(c, row, 1, c->cols - 1, HT_STYLE_LABEL, app->input_label);
    ht_prompt_draw(&app->prompt, c, row, used, c->cols - used, SIZE_MAX);
}

static const char *slow_word(const struct ht_app *app, const struct ht_screen *s)
{
    return !ht_screen_searches(app, s) ? "still reading; Esc leaves it"
           : s->behind                 ? "still searching; the rows are of another filter; Esc ends the search"
                                       : "still searching; Esc ends it";
}

/* An error ends with its remedy: where that has no room, the key of the screen that has it all is named. */
static void draw_message(const struct ht_app *app, const struct ht_message *m, struct ht_canvas *c, int row)
{
    bool error = m->kind == HT_FLASH_ERROR;
    char whole[16] = "", key[16];
    int room = c->cols - 1;
    if (error && ht_text_width(m->text, strlen(m->text), HT_TEXT_CELL) > (size_t)room &&
        ht_app_may(app, &ht_actions[HT_ACT_MESSAGES], NULL)) {
        ht_key_format(ht_action_key(&ht_actions[HT_ACT_MESSAGES], 0), key);
        room -= snprintf(whole, sizeof whole, " %.4s: all", key);
    }
    ht_draw_str(c, row, 1, room, error ? HT_STYLE_FLASH_ERROR : HT_STYLE_FLASH, m->text);
    ht_draw_str(c, row, 1 + room, c->cols - 1 - room, HT_STYLE_HINT_KEY, whole);
}

/* "3 marked, 1 of them not listed - R redelivers, C cancels, u unmarks": also what a filter hides is acted on. */
static size_t marks_text(const struct ht_app *app, const struct ht_marks *m, char *ret, size_t size)
{
    static const struct {
        enum ht_action_id id;
        const char *does;
    } acts[] = {{HT_ACT_REDELIVER, "R redelivers, "},
                {HT_ACT_REDELIVER_GROUP, "R redelivers, "},
                {HT_ACT_CANCEL, "C cancels, "}};
    size_t used = (size_t)snprintf(ret, size, "%zu marked", m->n);
    if (m->n == HT_MARKS_MAX)
        used += (size_t)snprintf(ret + used, size - used, " (no more at once)");
    if (m->listed < m->n)
        used += (size_t)snprintf(ret + used, size - used, ", %zu of them not listed", m->n - m->listed);
    used += (size_t)snprintf(ret + used, size - used, " - ");
    for (size_t i = 0; i < HT_COUNT(acts); i++)
        if (ht_app_may(app, &ht_actions[acts[i].id], NULL))
            used += (size_t)snprintf(ret + used, size - used, "%s", acts[i].does);
    return used + (size_t)snprintf(ret + used, size - used, "u unmarks  ");
}

static void draw_status(struct ht_app *app, struct ht_canvas *c, int row)
{
    struct ht_screen *s = ht_app_top(app);
    const struct ht_message *m = ht_app_message(app);
    char text[512] = "";
    ht_draw_fill(c, (struct ht_rect){row, 0, 1, c->cols}, HT_STYLE_NONE);
    bool told = app->flash && m->kind != HT_FLASH_WAIT;
    if (app->input == HT_INPUT_FILTER && s->filter.why[0] && !told)
        ht_draw_str(c, row, 1, c->cols - 1, HT_STYLE_FLASH_ERROR, s->filter.why);
    else if (app->flash)
        draw_message(app, m, c, row);
    else if (s->slow)
        ht_draw_str(c, row, 1, c->cols - 1, HT_STYLE_FLASH, slow_word(app, s));
    else if (s->class->status) {
        size_t used = 0;
        if (s->marks.n)
            used = marks_text(app, &s->marks, text, sizeof text);
        s->class->status(app, s, text + used, sizeof text - used);
        ht_draw_str(c, row, 1, c->cols - 1, HT_STYLE_DIM, text);
    }
}

static const char *input_hint(const struct ht_app *app)
{
    if (app->dialog)
        return app->dialog->level <= 1 ? " y does it  any other key: no" : NULL;
    switch (app->input) {
    case HT_INPUT_FILTER:
        return " Enter keep  Esc drop  Tab complete  field:value  -field:value  a|b  code:5xx";
    case HT_INPUT_COMMAND:
        return " Enter run  Tab complete  Up older  Esc cancel";
    case HT_INPUT_SEARCH:
        return " Enter find  Esc cancel";
    case HT_INPUT_WORD:
        return " Enter does it  Esc cancel";
    case HT_INPUT_PATH:
    case HT_INPUT_EXPORT:
        return " Enter write  Esc cancel";
    case HT_INPUT_COPY:
        return " the key before what is to be copied  any other key: nothing";
    case HT_INPUT_NARROW:
    case HT_INPUT_EXCLUDE:
        return " the key before the value  any other key: nothing";
    default:
        return app->stack[app->depth - 1]->class->typing
                   ? " Tab and arrows move  Enter goes on, or presses a button  Esc leaves  F1 help"
                   : NULL;
    }
}

static int draw_hint(struct ht_canvas *c, int row, int col, int end, const struct ht_action *a)
{
    char key[16];
    ht_key_format(ht_action_key(a, 0), key);
    int need = (int)(ht_text_width(key, strlen(key), HT_TEXT_CELL) + 1 + strlen(a->hint));
    if (col + need > end)
        return 0;
    int used = ht_draw_run(c, row, col, end - col, HT_STYLE_HINT_KEY, key);
    ht_draw_run(c, row, col + used + 1, end - col - used - 1, HT_STYLE_HINT_TEXT, a->hint);
    return need + 2;
}

static void draw_hints(struct ht_app *app, struct ht_canvas *c, int row)
{
    const char *hint = input_hint(app);
    ht_draw_fill(c, (struct ht_rect){row, 0, 1, c->cols}, HT_STYLE_HINT_TEXT);
    if (hint || app->dialog) {
        ht_draw_str(c, row, 0, c->cols, HT_STYLE_HINT_TEXT, hint ? hint : "");
        return;
    }
    const struct ht_action *help = &ht_actions[HT_ACT_HELP];
    int end = c->cols - 8, col = 1;
    draw_hint(c, row, end + 1, c->cols, help);
    for (int id = 0; id < HT_ACT_COUNT; id++)
        if (ht_actions[id].hint[0] && id != HT_ACT_HELP && ht_app_may(app, &ht_actions[id], NULL))
            col += draw_hint(c, row, col, end, &ht_actions[id]);
}

/* Shared pieces ---------------------------------------------------------------------------------------------------- */
void ht_chrome_tabs(struct ht_canvas *c, int row, int col, int width, const char *const *names, int n, int current)
{
    int end = col + width;
    ht_draw_fill(c, (struct ht_rect){row, col, 1, width}, HT_STYLE_NONE);
    col++;
    for (int i = 0; i < n; i++) {
        int used = ht_draw_fmt(c, row, col, end - col, i == current ? HT_STYLE_TAB_ON : HT_STYLE_TAB,
                               i == current ? "[%s]" : " %s ", names[i]);
        ht_canvas_hit(c, HT_HIT_TAB, (struct ht_rect){row, col, 1, used}, i - current);
        col += used + 1;
    }
}

/* The number of the screen that the bar begins with, so that the one that is shown has its place in it. */
static int first_in_bar(const struct ht_app *app, int width)
{
    int first = 1, n = 0, need = 0, widths[HT_SCREEN_COUNT + 1] = {0};
    for (int id = 0; id <= (int)app->stack[0]->screen_id; id++) {
        if (!ht_screens[id]->root)
            continue;
        widths[++n] = (int)strlen(ht_screens[id]->title) + 4; /* "[1 Title]" */
        for (need += widths[n]; need > width && first < n; first++)
            need -= widths[first];
    }
    return first;
}

void ht_chrome_screens(struct ht_app *app, struct ht_canvas *c, int row, int col, int width)
{
    int end = col + width, n = 0, first = first_in_bar(app, width);
    ht_draw_fill(c, (struct ht_rect){row, col, 1, width}, HT_STYLE_NONE);
    for (int id = 0; id < HT_SCREEN_COUNT; id++) {
        if (!ht_screens[id]->root || ++n < first)
            continue;
        bool on = app->stack[0]->screen_id == (enum ht_screen_id)id;
        int used = ht_draw_fmt(c, row, col, end - col, on ? HT_STYLE_TAB_ON : HT_STYLE_TAB, on ? "[%d %s]" : " %d %s ",
                               n, ht_screens[id]->title);
        ht_canvas_hit(c, HT_HIT_SCREEN, (struct ht_rect){row, col, 1, used}, n);
        col += used;
    }
}

void ht_chrome_filter(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, int row, int col, int width,
                      const char *right)
{
    struct ht_filter_line shown = s->filter;
    shown.typing = shown.typing && app->input == HT_INPUT_FILTER;
    ht_filter_line_draw(&shown, c, row, col, width, right);
}

void ht_chrome_list_head(struct ht_app *app, struct ht_screen *s, struct ht_canvas *c, struct ht_rect *r,
                         const char *right)
{
    if (app->depth == 1 && c->rows >= BAR_MIN_ROWS) {
        ht_chrome_screens(app, c, r->row, r->col, r->cols);
        r->row++;
        r->rows--;
    }
    if (s->slow && !s->behind)
        right = "searching";
    else if (s->behind)
        right = s->slow ? "searching; these are of another filter" : "these are of another filter";
    if ((s->class->has & HT_HAS_FILTER) && r->rows > 2) {
        ht_chrome_filter(app, s, c, r->row, r->col, r->cols, right);
        r->row++;
        r->rows--;
    }
}

/* The whole -------------------------------------------------------------------------------------------------------- */
static void draw_too_small(struct ht_canvas *c)
{
    ht_draw_str(c, 0, 0, c->cols, HT_STYLE_FLASH_ERROR, "terminal too small");
    ht_draw_fmt(c, 1, 0, c->cols, HT_STYLE_NONE, "%dx%d, needs %dx%d", c->cols, c->rows, HT_MIN_COLS, HT_MIN_ROWS);
    ht_draw_str(c, 2, 0, c->cols, HT_STYLE_NONE, "q back  Q quit  ? help");
}

/* As long as a machine that delivers may send where the address guard would refuse. Where the whole has no room, less
 * is said, so that nothing is cut in the middle. */
static void draw_banner(const struct ht_app *app, struct ht_canvas *c)
{
    const char *here = app->o->exceptions, *there = app->elsewhere;
    char whole[1024], less[256];
    if (there) {
        snprintf(whole, sizeof whole, "%s%s%s%s", here ? "here " : "", here ? here : "", here ? "; " : "", there);
        snprintf(less, sizeof less, "%son other machines: Workers names them", here ? "here and " : "");
    } else {
        snprintf(whole, sizeof whole, "%s ([egress] in the configuration)", here);
        snprintf(less, sizeof less, "%s", here);
    }
    ht_draw_fill(c, (struct ht_rect){1, 0, 1, c->cols}, HT_STYLE_BANNER);
    int col = 1 + ht_draw_run(c, 1, 1, c->cols - 1, HT_STYLE_BANNER, "egress exceptions: ");
    bool fits = ht_text_width(whole, strlen(whole), HT_TEXT_CELL) <= (size_t)(c->cols - col);
    ht_draw_str(c, 1, col, c->cols - col, HT_STYLE_BANNER, fits ? whole : less);
}

void ht_chrome_draw(struct ht_app *app)
{
    struct ht_canvas *c = &app->canvas;
    struct ht_screen *s = ht_app_top(app);
    ht_canvas_clear(c);
    if (c->rows < HT_MIN_ROWS || c->cols < HT_MIN_COLS) {
        draw_too_small(c);
        return;
    }
    draw_title(app, c);
    struct ht_rect body = {1, 0, c->rows - 3, c->cols};
    if (app->o->exceptions || app->elsewhere) {
        draw_banner(app, c);
        body.row++;
        body.rows--;
    }
    s->class->draw(app, s, c, body);
    draw_status(app, c, c->rows - 2);
    draw_hints(app, c, c->rows - 1);
    if (app->input != HT_INPUT_KEYS && app->input != HT_INPUT_FILTER)
        draw_line_input(app, c, c->rows - 2);
    if (app->offer)
        ht_offer_draw(app, c, body.row + 2, c->rows - 2); /* below the filter */
    if (app->dialog)
        ht_dialog_draw(app->dialog, c, body, c->rows - 2);
    if (app->o->accessible)
        c->cursor_on = true; /* it stands where the eyes would be: Braille and readers follow it */
}
