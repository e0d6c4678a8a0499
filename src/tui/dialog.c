#include "hooktop/tui/dialog.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MAX   76
#define LABEL_WIDTH 12
#define NUMBER_MAX  100000

struct ht_dialog *ht_dialog_new(int level, const char *verb, const char *title_fmt, ...)
{
    struct ht_dialog *d = ht_alloc(1, sizeof *d);
    va_list args;
    d->level = level;
    d->verb = verb;
    va_start(args, title_fmt);
    vsnprintf(d->title, sizeof d->title, title_fmt, args);
    va_end(args);
    return d;
}

void ht_dialog_free(struct ht_dialog *d)
{
    if (!d)
        return;
    for (int i = 0; i < d->n_fields; i++) {
        free(d->fields[i].value);
        free(d->fields[i].line);
    }
    free(d->ids);
    free(d->groups);
    free(d);
}

/* Building --------------------------------------------------------------------------------------------------------- */
static bool takes_focus(const struct ht_field *f)
{
    return f->kind == HT_FIELD_CHOICE || f->kind == HT_FIELD_CHECK || f->line;
}

static int inputs(const struct ht_dialog *d)
{
    int n = 0;
    for (int i = 0; i < d->n_fields; i++)
        n += takes_focus(&d->fields[i]);
    return n;
}

static struct ht_field *add(struct ht_dialog *d, enum ht_field_kind kind, const char *label, const char *value)
{
    if (d->n_fields == HT_DIALOG_FIELDS_MAX) { /* a mistake of ours; the last one wins */
        struct ht_field *last = &d->fields[--d->n_fields];
        free(last->value);
        free(last->line);
    }
    struct ht_field *f = &d->fields[d->n_fields++];
    *f = (struct ht_field){.kind = kind, .label = label, .value = value ? ht_strdup(value) : NULL};
    if (kind == HT_FIELD_TEXT || kind == HT_FIELD_NUMBER || kind == HT_FIELD_TYPED)
        f->line = ht_alloc(1, sizeof *f->line);
    d->focus = inputs(d); /* Cancel */
    return f;
}

void ht_dialog_info(struct ht_dialog *d, const char *label, const char *value)
{
    add(d, HT_FIELD_INFO, label, value ? value : "-");
}

void ht_dialog_note(struct ht_dialog *d, const char *fmt, ...)
{
    HT_BUF_CLEANUP struct ht_buf b;
    ht_buf_init(&b, 4096);
    va_list args;
    va_start(args, fmt);
    ht_buf_addv(&b, fmt, args);
    va_end(args);
    add(d, HT_FIELD_NOTE, NULL, b.data);
}

void ht_dialog_choice(struct ht_dialog *d, const char *label, const char *const *options, int n, int chosen)
{
    struct ht_field *f = add(d, HT_FIELD_CHOICE, label, NULL);
    for (f->n_options = 0; f->n_options < n && f->n_options < HT_DIALOG_OPTIONS_MAX; f->n_options++)
        f->options[f->n_options] = options[f->n_options];
    f->chosen = chosen;
}

void ht_dialog_check(struct ht_dialog *d, const char *label, bool on)
{
    add(d, HT_FIELD_CHECK, label, NULL)->chosen = on;
}

void ht_dialog_text(struct ht_dialog *d, const char *label, const char *initial)
{
    struct ht_field *f = add(d, HT_FIELD_TEXT, label, NULL);
    ht_prompt_set(f->line, initial);
}

void ht_dialog_number(struct ht_dialog *d, const char *label, const char *initial)
{
    struct ht_field *f = add(d, HT_FIELD_NUMBER, label, NULL);
    ht_prompt_set(f->line, initial);
}

void ht_dialog_typed(struct ht_dialog *d, const char *label, const char *expected)
{
    add(d, HT_FIELD_TYPED, label, expected);
}

static const struct ht_field *find(const struct ht_dialog *d, const char *label)
{
    for (int i = 0; i < d->n_fields; i++)
        if (d->fields[i].label && strcmp(d->fields[i].label, label) == 0)
            return &d->fields[i];
    return NULL;
}

int ht_dialog_chosen(const struct ht_dialog *d, const char *label)
{
    const struct ht_field *f = find(d, label);
    return f ? f->chosen : 0;
}

const char *ht_dialog_input(const struct ht_dialog *d, const char *label)
{
    const struct ht_field *f = find(d, label);
    return f && f->line ? f->line->text : NULL;
}

void ht_dialog_set(struct ht_dialog *d, const char *label, const char *value)
{
    for (int i = 0; i < d->n_fields; i++)
        if (d->fields[i].kind == HT_FIELD_INFO && strcmp(d->fields[i].label, label) == 0) {
            free(d->fields[i].value);
            d->fields[i].value = ht_strdup(value);
        }
}

/* Keys ------------------------------------------------------------------------------------------------------------- */
static int focused_index(const struct ht_dialog *d)
{
    int n = 0;
    for (int i = 0; i < d->n_fields; i++)
        if (takes_focus(&d->fields[i]) && n++ == d->focus)
            return i;
    return -1;
}

static struct ht_field *focused(struct ht_dialog *d)
{
    int i = focused_index(d);
    return i < 0 ? NULL : &d->fields[i];
}

bool ht_dialog_typing(const struct ht_dialog *d)
{
    int i = focused_index(d);
    return d->level > 1 && i >= 0 && d->fields[i].line;
}

/* What is wrong with a field's text; false: nothing. */
static bool wrong(struct ht_dialog *d, const struct ht_field *f)
{
    if (f->kind == HT_FIELD_TYPED && strcmp(f->line->text, f->value) != 0) {
        snprintf(d->complaint, sizeof d->complaint, "type exactly: %.100s", f->value);
        return true;
    }
    if (f->kind != HT_FIELD_NUMBER)
        return false;
    char *end;
    double v = strtod(f->line->text, &end);
    if (end != f->line->text && *end == '\0' && v >= 0 && v <= NUMBER_MAX)
        return false;
    snprintf(d->complaint, sizeof d->complaint, "%.40s: a number from 0 to %d", f->label, NUMBER_MAX);
    return true;
}

static enum ht_answer try_yes(struct ht_dialog *d)
{
    int focus = 0;
    if (!d->verb)
        return HT_ANSWER_NONE;
    for (int i = 0; i < d->n_fields; i++) {
        if (wrong(d, &d->fields[i])) {
            d->focus = focus;
            return HT_ANSWER_NONE;
        }
        focus += takes_focus(&d->fields[i]);
    }
    return HT_ANSWER_YES;
}

/* Arrows go through the options and, at their ends, on to the next field; Space goes round. */
static bool move_in_choice(struct ht_field *f, int32_t key)
{
    if (!f || f->kind != HT_FIELD_CHOICE)
        return false;
    bool back = key == HT_KEY_UP || key == HT_KEY_LEFT || key == 'k' || key == 'h';
    bool forth = key == HT_KEY_DOWN || key == HT_KEY_RIGHT || key == 'j' || key == 'l';
    bool can = (back && f->chosen > 0) || (forth && f->chosen + 1 < f->n_options);
    if (key == HT_KEY_SPACE)
        f->chosen = (f->chosen + 1) % f->n_options;
    else if (can)
        f->chosen += forth ? 1 : -1;
    else
        return (back || forth) && key != HT_KEY_UP && key != HT_KEY_DOWN;
    return true;
}

static bool toggle(struct ht_field *f, int32_t key)
{
    if (!f || f->kind != HT_FIELD_CHECK || key != HT_KEY_SPACE)
        return false;
    f->chosen = !f->chosen;
    return true;
}

static enum ht_answer press(struct ht_dialog *d)
{
    int cancel = inputs(d);
    if (d->focus == cancel)
        return HT_ANSWER_NO;
    if (d->focus > cancel)
        return try_yes(d);
    if (d->enter_takes)
        return try_yes(d);
    d->focus++; /* Enter in a field goes on to the next one, and to Cancel after the last */
    return HT_ANSWER_NONE;
}

enum ht_answer ht_dialog_key(struct ht_dialog *d, int32_t key)
{
    bool changed;
    int stops = inputs(d) + (d->verb ? 2 : 1);
    if (key == HT_KEY_ESC || key == HT_KEY_CTRL_C)
        return HT_ANSWER_NO;
    if (!d->armed)
        return HT_ANSWER_NONE;
    if (d->level <= 1)
        return key == 'y' ? HT_ANSWER_YES : HT_ANSWER_NO;
    struct ht_field *f = focused(d);
    d->complaint[0] = '\0';
    if (key == HT_KEY_ENTER)
        return press(d);
    if (toggle(f, key) || move_in_choice(f, key)) {
        if (d->changed)
            d->changed(d);
        return HT_ANSWER_NONE;
    }
    if (f && f->kind == HT_FIELD_CHECK && (key == 'j' || key == 'k'))
        key = key == 'j' ? HT_KEY_DOWN : HT_KEY_UP;
    if (key == HT_KEY_TAB || key == HT_KEY_SHIFT_TAB || key == HT_KEY_DOWN || key == HT_KEY_UP) {
        d->focus = (d->focus + (key == HT_KEY_TAB || key == HT_KEY_DOWN ? 1 : stops - 1)) % stops;
        return HT_ANSWER_NONE;
    }
    if (f && f->line) {
        (void)ht_prompt_key(f->line, key, &changed);
        if (d->changed)
            d->changed(d);
        return HT_ANSWER_NONE;
    }
    if (key == 'y')
        return try_yes(d);
    if (key == 'n' || key == 'q')
        return HT_ANSWER_NO;
    if (!f && (key == HT_KEY_LEFT || key == HT_KEY_RIGHT || key == 'h' || key == 'l'))
        d->focus = inputs(d) + ((key == HT_KEY_RIGHT || key == 'l') && d->verb ? 1 : 0);
    return HT_ANSWER_NONE;
}

/* Drawing ---------------------------------------------------------------------------------------------------------- */
static int field_rows(const struct ht_field *f, int width)
{
    return f->kind == HT_FIELD_NOTE
               ? ht_draw_note(NULL, (struct ht_rect){0, 0, INT_MAX, width}, HT_STYLE_DIALOG, f->value)
           : f->kind == HT_FIELD_CHOICE ? 1 + f->n_options
                                        : 1;
}

static void draw_choice(const struct ht_field *f, bool on, struct ht_canvas *c, int row, int col, int width)
{
    ht_draw_str(c, row, col, width, HT_STYLE_DIALOG, f->label);
    for (int i = 0; i < f->n_options; i++) {
        bool chosen = i == f->chosen;
        int used = ht_draw_run(c, row + 1 + i, col, width, on && chosen ? HT_STYLE_BUTTON_ON : HT_STYLE_DIALOG,
                               chosen ? on ? " >(*) " : "  (*) " : "  ( ) ");
        ht_draw_str(c, row + 1 + i, col + used, width - used, HT_STYLE_DIALOG, f->options[i]);
    }
}

static void draw_line(const struct ht_field *f, bool on, struct ht_canvas *c, int row, int col, int width)
{
    int used = ht_draw_run(c, row, col, width, HT_STYLE_LABEL, f->label);
    used +=
        ht_draw_run(c, row, col + used, width - used, on ? HT_STYLE_BUTTON_ON : HT_STYLE_DIALOG, on ? " >[" : "  [");
    int room = width - used - 2;
    ht_draw_str(c, row, col + width - 2, 1, on ? HT_STYLE_BUTTON_ON : HT_STYLE_DIALOG, "]");
    if (on)
        ht_prompt_draw(f->line, c, row, col + used, room, SIZE_MAX);
    else
        ht_draw_str(c, row, col + used, room, HT_STYLE_PROMPT, f->line->text);
}

static void draw_field(const struct ht_field *f, bool on, struct ht_canvas *c, int row, int col, int width)
{
    switch (f->kind) {
    case HT_FIELD_INFO:
        ht_draw_str(c, row, col, LABEL_WIDTH, HT_STYLE_LABEL, f->label);
        ht_draw_str(c, row, col + LABEL_WIDTH, width - LABEL_WIDTH, HT_STYLE_DIALOG, f->value);
        break;
    case HT_FIELD_NOTE:
        (void)ht_draw_note(c, (struct ht_rect){row, col, INT_MAX, width}, HT_STYLE_DIALOG, f->value);
        break;
    case HT_FIELD_CHECK:
        col += ht_draw_run(c, row, col, width, on ? HT_STYLE_BUTTON_ON : HT_STYLE_DIALOG, on ? " >[" : "  [");
        ht_draw_fmt(c, row, col, width - 3, HT_STYLE_DIALOG, "%s] %s", f->chosen ? "x" : " ", f->label);
        break;
    case HT_FIELD_CHOICE:
        draw_choice(f, on, c, row, col, width);
        break;
    default:
        draw_line(f, on, c, row, col, width);
    }
}

static int button(struct ht_canvas *c, int row, int col, int width, const char *name, bool on)
{
    return ht_draw_fmt(c, row, col, width, on ? HT_STYLE_BUTTON_ON : HT_STYLE_BUTTON, on ? "[>%s<]" : "[ %s ]", name);
}

static void draw_buttons(const struct ht_dialog *d, struct ht_canvas *c, int row, struct ht_rect in)
{
    int cancel = inputs(d), used = 0;
    if (!d->armed) { /* nothing marked yet: keys are not heard */
        ht_draw_fmt(c, row, in.col, in.cols, HT_STYLE_DIM, "  %s   %s", d->verb ? "Cancel" : "Close",
                    d->verb ? d->verb : "");
        return;
    }
    used = button(c, row, in.col + 2, in.cols - 2, d->verb ? "Cancel" : "Close", d->focus == cancel);
    if (d->verb)
        button(c, row, in.col + used + 5, in.cols - used - 5, d->verb, d->focus == cancel + 1);
}

static void draw_question(const struct ht_dialog *d, struct ht_canvas *c, int line, struct ht_rect area)
{
    ht_draw_fill(c, (struct ht_rect){line, area.col, 1, area.cols}, HT_STYLE_DIALOG);
    int used = ht_draw_run(c, line, area.col + 1, area.cols - 8, HT_STYLE_DANGER, d->title);
    if (d->armed)
        ht_draw_str(c, line, area.col + 2 + used, 4, HT_STYLE_DIALOG, "y/N");
    c->cursor_row = line;
    c->cursor_col = area.col + 6 + used;
    c->cursor_on = d->armed;
}

void ht_dialog_draw(const struct ht_dialog *d, struct ht_canvas *c, struct ht_rect area, int line)
{
    if (d->level <= 1) {
        draw_question(d, c, line, area);
        return;
    }
    int width = area.cols - 2 < WIDTH_MAX ? area.cols - 2 : WIDTH_MAX, rows = 5, focusable = 0, skipped = 0;
    struct ht_rect in = {0, 0, 0, width - 4};
    for (int i = 0; i < d->n_fields; i++)
        rows += field_rows(&d->fields[i], in.cols);
    for (; rows > area.rows && skipped < d->n_fields && !takes_focus(&d->fields[skipped]); skipped++)
        rows -= field_rows(&d->fields[skipped], in.cols); /* a low terminal: what must be answered stays */
    struct ht_rect box = {area.row + (area.rows - rows) / 2, area.col + (area.cols - width) / 2, rows, width};
    if (box.row < area.row)
        box.row = area.row;
    ht_draw_fill(c, box, HT_STYLE_DIALOG);
    ht_draw_box(c, box, d->title, d->verb ? HT_STYLE_DANGER : HT_STYLE_DIALOG_TITLE);
    in.row = box.row + 1;
    in.col = box.col + 2;
    c->cursor_row = box.row + rows - 3;
    c->cursor_col = in.col + 2;
    for (int i = skipped; i < d->n_fields; i++) {
        bool on = takes_focus(&d->fields[i]) && focusable++ == d->focus && d->armed;
        draw_field(&d->fields[i], on, c, in.row, in.col, in.cols);
        in.row += field_rows(&d->fields[i], in.cols);
    }
    if (d->complaint[0])
        ht_draw_str(c, in.row, in.col, in.cols, HT_STYLE_PROMPT_ERROR, d->complaint);
    draw_buttons(d, c, in.row + 1, in);
    ht_draw_str(c, in.row + 2, in.col, in.cols, HT_STYLE_DIM,
                d->verb ? "Tab moves  arrows choose  Enter presses  y does it  Esc cancels" : "Enter or Esc closes");
}
