/* The whole console under arbitrary keys, at a size that changes: it goes on, and what it draws may be drawn. Bytes are
 * keys; one of 0x80 and above is a named key, a wait, a resize or a lost connection. */
#include "lib/fuzz.h"

#include "console_rig.h"
#include "hooktop/base/text.h"

#define KEYS_MAX 32

static void check_frame(const struct ht_canvas *c)
{
    for (int i = 0; i < c->rows * c->cols; i++) {
        const struct ht_cell *cell = &c->cells[i];
        bool right = cell->ch[0] == 0;
        FUZZ_MUST(cell->style < HT_STYLE_COUNT && cell->width <= 2);
        FUZZ_MUST(right == (cell->width == 0) && (!right || (i % c->cols > 0 && cell[-1].width == 2)));
        FUZZ_MUST(right || ht_char_width(cell->ch[0]) == cell->width);
        FUZZ_MUST(cell->width < 2 || i % c->cols < c->cols - 1);
    }
    FUZZ_MUST(c->cursor_row >= 0 && c->cursor_col >= 0); /* beyond the edge it is put onto the edge */
}

static void other(struct ht_rig *r, uint8_t byte)
{
    static const int sizes[][2] = {{24, 80}, {40, 140}, {1, 1}, {5, 20}, {10, 300}, {60, 12}};
    byte &= 0x7f;
    if (byte < HT_COUNT(sizes))
        ht_app_resize(&r->app, sizes[byte][0], sizes[byte][1]);
    else if (byte < 0x10)
        ht_rig_pass(r, 1000 * (byte - 5));
    else if (byte == 0x10 || byte == 0x11)
        ht_rig_post(r, ht_data_link(byte == 0x10 ? HT_LINK_UP : HT_LINK_LOST));
    else if (byte == 0x12)
        r->silent = !r->silent;
    else if (byte == 0x13)
        ht_rig_key(r, 0x4e16); /* a wide character */
    else if (byte == 0x14)
        ht_rig_key(r, 0x301);
    else
        ht_rig_key(r, HT_KEY_NAMED + byte % (HT_KEY_UNKNOWN - HT_KEY_NAMED + 2));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ht_rig r;
    ht_rig_init(&r, 24, 80);
    for (size_t i = 0; i < size && i < KEYS_MAX && !r.app.quit; i++) {
        if (data[i] < 0x80)
            ht_rig_key(&r, data[i]);
        else
            other(&r, data[i]);
        ht_app_draw(&r.app);
        check_frame(&r.app.canvas);
    }
    ht_rig_fini(&r);
    return 0;
}
