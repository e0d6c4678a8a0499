#include "terminal.h"

#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
/* after curses.h: it defines short names as macros */
#include <term.h>

#include "hooktop/base/write.h"

#define WHAT "secret"

/* The bytes go from locked memory to the terminal by write(2); neither curses nor stdio sees them. */

static bool printable(const struct ht_secret *s)
{
    const uint8_t *p = ht_secret_bytes(s);
    for (size_t i = 0; i < ht_secret_len(s); i++)
        if (p[i] < 0x20 || p[i] > 0x7e)
            return false;
    return true;
}

static bool move_to(int row, int col)
{
    const char *cup = tigetstr("cup"), *s = cup && cup != (const char *)-1 ? tparm(cup, row, col) : NULL;
    return s && ht_write_all(STDOUT_FILENO, s, strlen(s));
}

bool ht_term_reveal(struct ht_term *t, struct ht_rect box, const struct ht_secret *secret, struct ht_err *err)
{
    const char *fix = "use w to write it to a file", *smcup = tigetstr("smcup");
    size_t len = ht_secret_len(secret), width = box.cols > 0 ? (size_t)box.cols : 0;
    (void)t;
    if (!smcup || smcup == (const char *)-1) {
        ht_fail(err, HT_USAGE, WHAT, fix,
                "this terminal has no second screen: what is shown would stay in its history");
        return false;
    }
    if (!printable(secret)) {
        ht_fail(err, HT_USAGE, WHAT, fix, "it has characters that cannot be shown");
        return false;
    }
    if (width == 0 || len > width * (size_t)box.rows || box.row + box.rows > LINES || box.col + box.cols > COLS) {
        ht_fail(err, HT_USAGE, WHAT, "make the terminal larger, or use w to write it to a file",
                "it does not fit here");
        return false;
    }
    for (size_t at = 0, row = 0; at < len; at += width, row++) {
        size_t n = len - at < width ? len - at : width;
        if (!move_to(box.row + (int)row, box.col) || !ht_write_all(STDOUT_FILENO, ht_secret_bytes(secret) + at, n)) {
            ht_fail(err, HT_FAILED, WHAT, fix, "the terminal does not take it");
            return false;
        }
    }
    return true;
}

void ht_term_conceal(struct ht_term *t)
{
    /* curses believes blanks there, so it must be told that it does not know; then the whole screen once more, for
     * terminals that kept anything of it */
    wredrawln(stdscr, 0, LINES);
    wrefresh(stdscr);
    clearok(curscr, TRUE);
    wrefresh(stdscr);
    ht_paint_forget(t);
}
