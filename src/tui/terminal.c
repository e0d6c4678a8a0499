#include "terminal.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>
/* after curses.h: it defines short names as macros */
#include <term.h>

#include "hooktop/tui/keys.h"

#define ESC_DELAY_MS     25
#define FALLBACK_TERM    "xterm-256color"
#define STDERR_KEEP      (64 * 1024)
#define CODE_PASTE_BEGIN (KEY_MAX + 1)
#define CODE_PASTE_END   (KEY_MAX + 2)

static const int handled[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT, SIGPIPE};
static const int deadly[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/* What a crash needs to give the terminal back; a signal handler has no argument to find it by. */
static struct {
    volatile sig_atomic_t active;
    char reset[256];
    size_t reset_len;
    struct termios modes;
    int stderr_was; /* -1: not diverted */
    struct sigaction old[HT_COUNT(deadly)];
} rescue = {.stderr_was = -1};

/* Async-signal-safe. Clears first, so that a secret that was being shown does not stay. */
static void give_back(void)
{
    if (!rescue.active)
        return;
    rescue.active = 0;
    ssize_t n = write(STDOUT_FILENO, rescue.reset, rescue.reset_len);
    (void)n;
    tcsetattr(STDOUT_FILENO, TCSANOW, &rescue.modes);
    if (rescue.stderr_was >= 0)
        dup2(rescue.stderr_was, STDERR_FILENO); /* last words are heard */
}

static void on_crash(int sig, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    give_back();
    for (size_t i = 0; i < HT_COUNT(deadly); i++)
        if (deadly[i] == sig)
            sigaction(sig, &rescue.old[i], NULL); /* the same fault comes again, to whoever had it before */
    if (sig == SIGABRT || info->si_code <= 0)
        raise(sig); /* sent, not caused by an instruction that will run again */
    errno = saved;
}

static void add_reset(const char *s)
{
    size_t len = s && s != (const char *)-1 ? strlen(s) : 0;
    if (len > 0 && rescue.reset_len + len < sizeof rescue.reset) {
        memcpy(rescue.reset + rescue.reset_len, s, len);
        rescue.reset_len += len;
    }
}

static void arm_rescue(bool mouse)
{
    static const char *const capabilities[] = {"clear", "sgr0", "rmcup", "cnorm", "rmkx", "BD"};
    struct sigaction sa = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};
    rescue.reset_len = 0;
    for (size_t i = 0; i < HT_COUNT(capabilities); i++)
        add_reset(tigetstr(capabilities[i]));
    if (mouse)
        add_reset("\033[?1006l\033[?1000l");
    rescue.active = 1;
    for (size_t i = 0; i < HT_COUNT(deadly); i++)
        sigaction(deadly[i], &sa, &rescue.old[i]);
    ht_on_abort(give_back);
}

static void disarm_rescue(void)
{
    rescue.active = 0;
    for (size_t i = 0; i < HT_COUNT(deadly); i++)
        sigaction(deadly[i], &rescue.old[i], NULL);
    ht_on_abort(NULL);
}

/* Standard error
 * -------------------------------------------------------------------------------------------------------- What
 * libraries print would tear the screen: while curses has it, standard error goes to memory, if it is the terminal. */
static void divert_stderr(struct ht_term *t)
{
    t->saved_stderr = t->stderr_file = -1;
    if (!isatty(STDERR_FILENO))
        return;
    t->stderr_file = memfd_create("stderr", MFD_CLOEXEC);
    if (t->stderr_file < 0)
        return;
    t->saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (t->saved_stderr >= 0)
        dup2(t->stderr_file, STDERR_FILENO);
    rescue.stderr_was = t->saved_stderr;
}

static void restore_stderr(struct ht_term *t)
{
    if (t->saved_stderr < 0)
        return;
    fflush(stderr);
    rescue.stderr_was = -1;
    dup2(t->saved_stderr, STDERR_FILENO);
    close(t->saved_stderr);
    t->saved_stderr = -1;
    off_t size = lseek(t->stderr_file, 0, SEEK_END), from = size > STDERR_KEEP ? size - STDERR_KEEP : 0;
    if (size > 0) {
        HT_BUF_CLEANUP struct ht_buf clean;
        HT_AUTOFREE char *bytes = ht_alloc(1, STDERR_KEEP);
        ssize_t n = pread(t->stderr_file, bytes, STDERR_KEEP, from);
        ht_buf_init(&clean, 16 * STDERR_KEEP);
        ht_text_clean(&clean, bytes, n > 0 ? (size_t)n : 0, HT_TEXT_LINES);
        fputs(clean.data, stderr);
    }
    close(t->stderr_file);
    t->stderr_file = -1;
}

/* Start and stop
 * ------------------------------------------------------------------------------------------------------- */
static bool known(const char *name)
{
    int error = 0; /* given, so that setupterm says it here and not on standard error */
    return setupterm(name, STDOUT_FILENO, &error) == OK;
}

static bool addresses_cursor(void)
{
    const char *cup = tigetstr("cup");
    bool can = cup && cup != (const char *)-1;
    del_curterm(cur_term);
    return can;
}

static enum ht_rc choose_type(struct ht_term *t, struct ht_err *err)
{
    const char *name = getenv("TERM");
    if (!name || !name[0])
        return ht_fail(err, HT_USAGE, "console", "set it, for example TERM=xterm-256color", "TERM is not set");
    if (!known(NULL)) {
        snprintf(t->note, sizeof t->note, "the terminal type '%.60s' is not known here; %s is used instead", name,
                 FALLBACK_TERM);
        if (!known(FALLBACK_TERM))
            return ht_fail(err, HT_USAGE, "console",
                           "set TERM to a type that is installed here (ls /usr/share/terminfo /lib/terminfo)",
                           "the terminal type '%s' is not known here", name);
        setenv("TERM", FALLBACK_TERM, 1);
    }
    if (!addresses_cursor())
        return ht_fail(err, HT_USAGE, "console", "use a terminal that can, or the commands (hooktop --help)",
                       "a terminal of type '%s' cannot place its cursor", name);
    return HT_OK;
}

static void start_colours(struct ht_term *t)
{
    const char *no = getenv("NO_COLOR");
    t->colours = 0;
    if (t->no_color || (no && no[0]) || !has_colors())
        return;
    start_color();
    use_default_colors();
    t->colours = COLORS >= 256 && tigetflag("RGB") == 1 && COLORS > 256 ? COLORS : COLORS > 256 ? 256 : COLORS;
}

static void start_keys(void)
{
    const char *begin = tigetstr("PS"), *end = tigetstr("PE"), *on = tigetstr("BE");
    if (!begin || begin == (const char *)-1 || !end || end == (const char *)-1 || !on || on == (const char *)-1)
        return;
    define_key(begin, CODE_PASTE_BEGIN);
    define_key(end, CODE_PASTE_END);
    putp(on);
}

static void block_signals(struct ht_term *t)
{
    sigset_t mask;
    sigemptyset(&mask);
    for (size_t i = 0; i < HT_COUNT(handled); i++)
        sigaddset(&mask, handled[i]);
    pthread_sigmask(SIG_BLOCK, &mask, &t->old_mask);
    t->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

enum ht_rc ht_term_start(struct ht_term *t, bool no_color, bool mouse, struct ht_err *err)
{
    *t = (struct ht_term){.signal_fd = -1, .saved_stderr = -1, .stderr_file = -1, .no_color = no_color};
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return ht_fail(err, HT_USAGE, "console", "start it in a terminal, or use the commands (hooktop --help)",
                       "standard input and output are not a terminal");
    setlocale(LC_ALL, "");
    t->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    enum ht_rc rc = choose_type(t, err);
    if (rc != HT_OK)
        return rc;
    tcgetattr(STDOUT_FILENO, &rescue.modes);
    block_signals(t);
    if (t->signal_fd < 0 || !newterm(NULL, stdout, stdin)) {
        pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
        return ht_fail(err, HT_FAILED, "console", NULL, "the terminal cannot be set up: %s", strerror(errno));
    }
    t->started = true;
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESC_DELAY_MS);
    intrflush(stdscr, FALSE);
    start_colours(t);
    start_keys();
    if (mouse) {
        mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
        mouseinterval(0); /* else curses waits for what might become a click */
    } else
        keyok(KEY_MOUSE, FALSE); /* what somebody makes a terminal send is then taken whole, not as digits */
    arm_rescue(mouse);
    divert_stderr(t);
    return HT_OK;
}

void ht_term_stop(struct ht_term *t)
{
    const char *paste_off;
    if (!t->started)
        return;
    t->started = false;
    disarm_rescue();
    paste_off = tigetstr("BD");
    if (paste_off && paste_off != (const char *)-1)
        putp(paste_off);
    curs_set(1);
    endwin();
    fflush(stdout);
    restore_stderr(t);
    ht_paint_fini(t);
    if (t->signal_fd >= 0)
        close(t->signal_fd);
    t->signal_fd = -1;
    pthread_sigmask(SIG_SETMASK, &t->old_mask, NULL);
}

void ht_term_size(int *ret_rows, int *ret_cols)
{
    struct winsize ws = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws);
    *ret_rows = ws.ws_row ? ws.ws_row : 24; /* 0 means that nobody told the kernel */
    *ret_cols = ws.ws_col ? ws.ws_col : 80;
}

void ht_term_resize(struct ht_term *t, int rows, int cols)
{
    resizeterm(rows, cols);
    ht_paint_forget(t);
}

void ht_term_leave(struct ht_term *t)
{
    (void)t;
    def_prog_mode();
    endwin();
    fflush(stdout);
}

void ht_term_suspend(struct ht_term *t)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL}, old;
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    ht_term_leave(t);
    /* The whole group, as the terminal would: whoever waits for us stops too. An orphaned group is not stopped. */
    sigaction(SIGTSTP, &dfl, &old);
    pthread_sigmask(SIG_UNBLOCK, &stop, NULL);
    kill(0, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &stop, NULL);
    sigaction(SIGTSTP, &old, NULL);
    ht_term_resume(t);
}

void ht_term_resume(struct ht_term *t)
{
    reset_prog_mode();
    start_keys();
    ht_paint_forget(t);
}

/* Keys
 * ------------------------------------------------------------------------------------------------------------------ */
static const struct {
    int code;
    int32_t key;
} codes[] = {
    {KEY_UP, HT_KEY_UP},
    {KEY_DOWN, HT_KEY_DOWN},
    {KEY_LEFT, HT_KEY_LEFT},
    {KEY_RIGHT, HT_KEY_RIGHT},
    {KEY_HOME, HT_KEY_HOME},
    {KEY_END, HT_KEY_END},
    {KEY_PPAGE, HT_KEY_PAGE_UP},
    {KEY_NPAGE, HT_KEY_PAGE_DOWN},
    {KEY_BTAB, HT_KEY_SHIFT_TAB},
    {KEY_DC, HT_KEY_DELETE},
    {KEY_IC, HT_KEY_INSERT},
    {KEY_BACKSPACE, HT_KEY_BACKSPACE},
    {KEY_ENTER, HT_KEY_ENTER},
    {CODE_PASTE_BEGIN, HT_KEY_PASTE_BEGIN},
    {CODE_PASTE_END, HT_KEY_PASTE_END},
};

/* What other terminals send for keys that the terminal's own description has otherwise. */
static const struct {
    const char *tail; /* after ESC and [ or O */
    int32_t key;
} tails[] = {
    {"A", HT_KEY_UP},           {"B", HT_KEY_DOWN},     {"C", HT_KEY_RIGHT},
    {"D", HT_KEY_LEFT},         {"H", HT_KEY_HOME},     {"F", HT_KEY_END},
    {"1~", HT_KEY_HOME},        {"4~", HT_KEY_END},     {"7~", HT_KEY_HOME},
    {"8~", HT_KEY_END},         {"5~", HT_KEY_PAGE_UP}, {"6~", HT_KEY_PAGE_DOWN},
    {"2~", HT_KEY_INSERT},      {"3~", HT_KEY_DELETE},  {"Z", HT_KEY_SHIFT_TAB},
    {"P", HT_KEY_F1},           {"11~", HT_KEY_F1},     {"15~", HT_KEY_F1 + 4},
    {"20~", HT_KEY_F1 + 8},     {"21~", HT_KEY_F1 + 9}, {"200~", HT_KEY_PASTE_BEGIN},
    {"201~", HT_KEY_PASTE_END},
};

/* An escape sequence that curses did not know comes as its characters. They must never act as keys, so the whole of it
 * is taken here: "[" parameters and one final character, or "O" and one. */
static int32_t unknown_sequence(wint_t intro)
{
    char tail[16] = "";
    wint_t ch;
    for (size_t n = 0; n + 1 < sizeof tail && get_wch(&ch) == OK; n++) {
        tail[n] = ch < 0x80 ? (char)ch : '?';
        if (intro == 'O' || (ch >= 0x40 && ch <= 0x7e))
            break;
    }
    for (size_t i = 0; i < HT_COUNT(tails); i++)
        if (strcmp(tails[i].tail, tail) == 0)
            return tails[i].key;
    return HT_KEY_UNKNOWN;
}

static int32_t after_escape(void)
{
    wint_t ch;
    int what = get_wch(&ch);
    if (what == OK && (ch == '[' || ch == 'O'))
        return unknown_sequence(ch);
    if (what == OK)
        unget_wch((wchar_t)ch); /* a key typed right after Esc */
    else if (what == KEY_CODE_YES)
        ungetch((int)ch);
    return HT_KEY_ESC;
}

static int32_t named_key(wint_t code)
{
    for (size_t i = 0; i < HT_COUNT(codes); i++)
        if ((wint_t)codes[i].code == code)
            return codes[i].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return HT_KEY_F1 + (int32_t)(code - KEY_F(1));
    return HT_KEY_UNKNOWN;
}

/* Where the pointer is stays in *t. */
static int32_t mouse_key(struct ht_term *t)
{
    MEVENT e;
    if (getmouse(&e) != OK)
        return HT_KEY_UNKNOWN;
    t->mouse_row = e.y;
    t->mouse_col = e.x;
    return e.bstate & BUTTON4_PRESSED   ? HT_KEY_WHEEL_UP
           : e.bstate & BUTTON5_PRESSED ? HT_KEY_WHEEL_DOWN
           : e.bstate & BUTTON1_PRESSED ? HT_KEY_CLICK
                                        : HT_KEY_UNKNOWN;
}

int32_t ht_term_key(struct ht_term *t)
{
    wint_t ch;
    switch (get_wch(&ch)) {
    case OK:
        if (ch == HT_KEY_ESC)
            return after_escape();
        if (ch == 8)
            return HT_KEY_BACKSPACE;
        if (ch == '\n')
            return HT_KEY_ENTER;
        return ch == 0 || ch > 0x10ffff ? HT_KEY_UNKNOWN : (int32_t)ch;
    case KEY_CODE_YES:
        return ch == KEY_MOUSE ? mouse_key(t) : named_key(ch);
    default:
        return HT_KEY_NONE;
    }
}

void ht_term_flush_input(void)
{
    flushinp();
}

bool ht_term_writable(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}
