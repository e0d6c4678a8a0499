#include "hooktop/tui/theme.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/buf.h"
#include "hooktop/base/embed.h"
#include "hooktop/base/ini.h"

#define BASE_DEPTH_MAX 4
#define NAMES_MAX      100
#define WHAT           "theme"

static const char *const style_keys[HT_STYLE_COUNT] = {
#define X(id, key, help) key,
    HT_STYLES(X)
#undef X
};

static const char *const ansi_names[] = {
    "black",       "red",          "green",      "yellow",       "blue",          "magenta",     "cyan",
    "white",       "bright-black", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta",
    "bright-cyan", "bright-white"};

static const struct {
    const char *name;
    uint8_t bit;
} attrs[] = {{"bold", HT_ATTR_BOLD},
             {"dim", HT_ATTR_DIM},
             {"italic", HT_ATTR_ITALIC},
             {"underline", HT_ATTR_UNDERLINE},
             {"reverse", HT_ATTR_REVERSE}};

static const struct ht_colour own_colour = {-1, HT_COLOUR_DEFAULT};

static bool given(const struct ht_colour *c)
{
    return c->ansi != HT_COLOUR_DEFAULT || c->rgb >= 0;
}

enum ht_style ht_style_find(const char *key)
{
    for (int i = 0; i < HT_STYLE_COUNT; i++)
        if (strcmp(style_keys[i], key) == 0)
            return (enum ht_style)i;
    return HT_STYLE_COUNT;
}

/* Colours ---------------------------------------------------------------------------------------------------------- */
static bool parse_rgb(const char *s, int32_t *ret)
{
    char *end;
    if (*s == '#')
        s++;
    if (strlen(s) != 6 || strspn(s, "0123456789abcdefABCDEF") != 6)
        return false;
    *ret = (int32_t)strtol(s, &end, 16);
    return true;
}

static bool parse_ansi(const char *s, int16_t *ret)
{
    if (strcmp(s, "default") == 0 || strcmp(s, "none") == 0) {
        *ret = HT_COLOUR_DEFAULT;
        return true;
    }
    for (size_t i = 0; i < HT_COUNT(ansi_names); i++)
        if (strcmp(s, ansi_names[i]) == 0) {
            *ret = (int16_t)i;
            return true;
        }
    return false;
}

static enum ht_rc unknown_colour(const char *word, struct ht_err *err)
{
    const char *near = ht_nearest(word, ansi_names, HT_COUNT(ansi_names));
    return ht_fail(err, HT_USAGE, WHAT, near,
                   "'%s' is no colour: use a [palette] name, an ansi name, \"#rrggbb / ansi\"%s", word,
                   near ? "; did you mean the following?" : " or default");
}

/* "#rrggbb / ansi", "ansi", "default" */
static enum ht_rc parse_colour(const char *value, struct ht_colour *ret, struct ht_err *err)
{
    char first[32], second[32];
    struct ht_colour c = own_colour;
    int n = sscanf(value, "%31s / %31s", first, second);
    if (n < 1)
        return ht_fail(err, HT_USAGE, WHAT, "put colours that begin with # into quotes", "the colour is empty");
    if (n == 1 && parse_ansi(first, &c.ansi)) {
        *ret = c;
        return HT_OK;
    }
    if (!parse_rgb(first, &c.rgb))
        return unknown_colour(first, err);
    if (n < 2)
        return ht_fail(err, HT_USAGE, WHAT, NULL,
                       "'%s' needs a second colour for terminals with 16: \"#rrggbb / ansi\"", first);
    if (!parse_ansi(second, &c.ansi))
        return unknown_colour(second, err);
    *ret = c;
    return HT_OK;
}

int ht_colour_256(int32_t rgb)
{
    static const int steps[] = {0, 95, 135, 175, 215, 255};
    int part[3] = {rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255}, cube[3], far_cube = 0, far_grey = 0;
    for (int i = 0; i < 3; i++) {
        int best = 0;
        for (int s = 1; s < 6; s++)
            if (abs(steps[s] - part[i]) < abs(steps[best] - part[i]))
                best = s;
        cube[i] = best;
        far_cube += (steps[best] - part[i]) * (steps[best] - part[i]);
    }
    int mean = (part[0] + part[1] + part[2]) / 3, grey = mean > 238 ? 23 : mean < 8 ? 0 : (mean - 3) / 10;
    for (int i = 0; i < 3; i++)
        far_grey += (8 + 10 * grey - part[i]) * (8 + 10 * grey - part[i]);
    return far_grey < far_cube ? 232 + grey : 16 + 36 * cube[0] + 6 * cube[1] + cube[2];
}

int ht_colour_number(const struct ht_colour *c, int colours)
{
    if (colours > 256 && c->rgb >= 0)
        return c->rgb;
    if (colours >= 256 && c->rgb >= 0)
        return ht_colour_256(c->rgb);
    if (c->ansi == HT_COLOUR_DEFAULT)
        return HT_COLOUR_DEFAULT;
    return colours < 16 || colours > 256 ? c->ansi & 7 : c->ansi; /* with 24 bit, numbers above 7 are shades */
}

/* Styles ----------------------------------------------------------------------------------------------------------- */
static enum ht_rc resolve(const struct ht_theme *t, const char *word, struct ht_colour *ret, struct ht_err *err)
{
    for (size_t i = t->palette_len; i-- > 0;)
        if (strcmp(t->palette[i].name, word) == 0) {
            *ret = t->palette[i].colour;
            return HT_OK;
        }
    if (!parse_ansi(word, &ret->ansi))
        return unknown_colour(word, err);
    ret->rgb = -1;
    return HT_OK;
}

static bool parse_attr(const char *word, uint8_t *bits)
{
    for (size_t i = 0; i < HT_COUNT(attrs); i++)
        if (strcmp(attrs[i].name, word) == 0) {
            *bits |= attrs[i].bit;
            return true;
        }
    return false;
}

static enum ht_rc parse_attrs(char *words, uint8_t *bits, struct ht_err *err)
{
    char *save = NULL;
    for (char *w = strtok_r(words, " \t", &save); w; w = strtok_r(NULL, " \t", &save))
        if (!parse_attr(w, bits))
            return ht_fail(err, HT_USAGE, WHAT, "use bold, dim, italic, underline or reverse", "'%s' is no attribute",
                           w);
    return HT_OK;
}

static enum ht_rc parse_look(const struct ht_theme *t, const char *value, struct ht_look *ret, struct ht_err *err)
{
    char text[256], *save = NULL, *mono = NULL;
    struct ht_look look = {own_colour, own_colour, 0, 0};
    if (snprintf(text, sizeof text, "%s", value) >= (int)sizeof text)
        return ht_fail(err, HT_USAGE, WHAT, NULL, "the style is longer than 255 bytes");
    if ((mono = strchr(text, '|')))
        *mono++ = '\0';
    char *word = strtok_r(text, " \t", &save);
    if (!word)
        return ht_fail(err, HT_USAGE, WHAT, NULL, "the style is empty: it needs at least a colour or default");
    enum ht_rc rc = resolve(t, word, &look.fg, err);
    if (rc != HT_OK)
        return rc;
    word = strtok_r(NULL, " \t", &save);
    if (word && strcmp(word, "on") == 0) {
        word = strtok_r(NULL, " \t", &save);
        rc = word ? resolve(t, word, &look.bg, err) : ht_fail(err, HT_USAGE, WHAT, NULL, "'on' needs a colour");
        word = strtok_r(NULL, " \t", &save);
    }
    for (; rc == HT_OK && word; word = strtok_r(NULL, " \t", &save))
        if (!parse_attr(word, &look.attrs))
            rc = ht_fail(err, HT_USAGE, WHAT, "use bold, dim, italic, underline or reverse", "'%s' is no attribute",
                         word);
    if (rc == HT_OK && mono)
        rc = parse_attrs(mono, &look.mono_attrs, err);
    if (rc != HT_OK)
        return rc;
    bool own_background = look.bg.ansi == HT_COLOUR_DEFAULT && look.bg.rgb < 0 &&
                          t->background.ansi == HT_COLOUR_DEFAULT && t->background.rgb < 0;
    if (own_background && (look.fg.ansi == 0 || look.fg.ansi == 7 || look.fg.ansi == 15))
        return ht_fail(err, HT_USAGE, WHAT, "give the style a background (fg on bg), or the theme one",
                       "%s text vanishes on some terminals", ansi_names[look.fg.ansi]);
    *ret = look;
    return HT_OK;
}

/* Files ------------------------------------------------------------------------------------------------------------ */
struct reading {
    struct ht_theme *theme;
    const char *dir;
    int depth;
    bool began; /* something other than name and base was read */
};

static enum ht_rc load(const char *name, const char *dir, int depth, struct ht_theme *t, struct ht_err *err);

static enum ht_rc theme_key(struct reading *r, const char *key, const char *value, struct ht_err *err)
{
    static const char *const known[] = {"name", "base", "foreground", "background"};
    if (strcmp(key, "name") == 0) {
        snprintf(r->theme->name, sizeof r->theme->name, "%s", value);
        return HT_OK;
    }
    if (strcmp(key, "base") == 0) {
        if (r->began)
            return ht_fail(err, HT_USAGE, WHAT, "move it to the top", "base must stand before palette and styles");
        char name[sizeof r->theme->name];
        memcpy(name, r->theme->name, sizeof name);
        enum ht_rc rc = load(value, r->dir, r->depth + 1, r->theme, err);
        memcpy(r->theme->name, name, sizeof name);
        return rc;
    }
    r->began = true;
    if (strcmp(key, "foreground") == 0)
        return parse_colour(value, &r->theme->foreground, err);
    if (strcmp(key, "background") == 0)
        return parse_colour(value, &r->theme->background, err);
    return ht_fail(err, HT_USAGE, WHAT, ht_nearest(key, known, HT_COUNT(known)), "[theme] has no key '%s'", key);
}

static enum ht_rc palette_key(struct ht_theme *t, const char *key, const char *value, struct ht_err *err)
{
    if (t->palette_len == HT_THEME_PALETTE_MAX)
        return ht_fail(err, HT_USAGE, WHAT, NULL, "more than %d palette entries", HT_THEME_PALETTE_MAX);
    if (strlen(key) >= sizeof t->palette[0].name)
        return ht_fail(err, HT_USAGE, WHAT, NULL, "the palette name '%.40s...' is too long", key);
    enum ht_rc rc = parse_colour(value, &t->palette[t->palette_len].colour, err);
    if (rc == HT_OK)
        snprintf(t->palette[t->palette_len++].name, sizeof t->palette[0].name, "%s", key);
    return rc;
}

static enum ht_rc style_key(struct ht_theme *t, const char *key, const char *value, struct ht_err *err)
{
    struct ht_look look;
    enum ht_rc rc = parse_look(t, value, &look, err);
    if (rc != HT_OK)
        return rc;
    size_t stem = strlen(key);
    bool wild = stem >= 1 && key[stem - 1] == '*', hit = false;
    for (int i = 0; i < HT_STYLE_COUNT; i++)
        if (wild ? strncmp(style_keys[i], key, stem - 1) == 0 : strcmp(style_keys[i], key) == 0) {
            t->looks[i] = look;
            hit = true;
        }
    if (hit)
        return HT_OK;
    const char *near = ht_nearest(key, style_keys, HT_STYLE_COUNT);
    return ht_fail(err, HT_USAGE, WHAT, near, "there is no style '%s'%s", key, near ? "; the nearest is" : "");
}

static enum ht_rc handle(void *user, const char *section, const char *key, const char *value, struct ht_err *err)
{
    struct reading *r = user;
    if (strcmp(section, "theme") == 0)
        return theme_key(r, key, value, err);
    r->began = true;
    if (strcmp(section, "palette") == 0)
        return palette_key(r->theme, key, value, err);
    if (strcmp(section, "style") == 0)
        return style_key(r->theme, key, value, err);
    return ht_fail(err, HT_USAGE, WHAT, "a theme has [theme], [palette] and [style]", "unknown section [%s]", section);
}

static enum ht_rc load_bundled(const char *name, struct reading *r, struct ht_err *err)
{
    char file[80];
    snprintf(file, sizeof file, "%.64s.ini", name);
    for (size_t i = 0; i < ht_embedded_themes_len; i++)
        if (strcmp(ht_embedded_themes[i].name, file) == 0)
            return ht_ini_read(file, ht_embedded_themes[i].bytes, ht_embedded_themes[i].len, handle, r, err);
    HT_BUF_CLEANUP struct ht_buf names;
    ht_buf_init(&names, 1024);
    for (size_t i = 0; i < ht_embedded_themes_len; i++)
        ht_buf_addf(&names, "%s%.*s", i ? ", " : "bundled: ", (int)strlen(ht_embedded_themes[i].name) - 4,
                    ht_embedded_themes[i].name);
    return ht_fail(err, HT_USAGE, WHAT, names.data, "there is no theme '%s'", name);
}

static enum ht_rc load(const char *name, const char *dir, int depth, struct ht_theme *t, struct ht_err *err)
{
    struct reading r = {t, dir, depth, false};
    if (depth > BASE_DEPTH_MAX)
        return ht_fail(err, HT_USAGE, WHAT, "end the circle of base themes", "'%s' is the %dth base of a base", name,
                       depth);
    if (strchr(name, '/'))
        return ht_ini_read_file(name, handle, &r, err);
    if (dir) {
        char path[4096];
        struct ht_err missing = {0};
        if (snprintf(path, sizeof path, "%s/%s.ini", dir, name) < (int)sizeof path) {
            enum ht_rc rc = ht_ini_read_file(path, handle, &r, &missing);
            if (rc != HT_NOT_FOUND) {
                if (err && err->rc == HT_OK)
                    *err = missing;
                return rc;
            }
        }
    }
    return load_bundled(name, &r, err);
}

enum ht_rc ht_theme_load(const char *name, const char *theme_dir, struct ht_theme *ret, struct ht_err *err)
{
    struct ht_theme t = {.foreground = own_colour, .background = own_colour};
    if (!name)
        name = "default";
    snprintf(t.name, sizeof t.name, "%s", name);
    for (int i = 0; i < HT_STYLE_COUNT; i++)
        t.looks[i] = (struct ht_look){own_colour, own_colour, 0, 0};
    enum ht_rc rc = load(name, theme_dir, 0, &t, err);
    if (rc == HT_OK && given(&t.foreground) != given(&t.background))
        rc = ht_fail(err, HT_USAGE, WHAT, "give [theme] both, or neither",
                     "'%s' has a foreground or a background alone: text vanishes on some terminals", name);
    if (rc == HT_OK)
        *ret = t;
    return rc;
}

/* A file's name without .ini, into its place; once. */
static size_t add_name(char **names, size_t n, const char *file)
{
    size_t len = strlen(file), at = 0;
    if (n == NAMES_MAX || len <= 4 || strcmp(file + len - 4, ".ini") != 0)
        return n;
    HT_AUTOFREE char *name = ht_strndup(file, len - 4);
    while (at < n && strcmp(names[at], name) < 0)
        at++;
    if (at < n && strcmp(names[at], name) == 0)
        return n;
    memmove(names + at + 1, names + at, (n - at) * sizeof *names);
    names[at] = ht_strdup(name);
    return n + 1;
}

char *ht_theme_names(const char *theme_dir)
{
    char *names[NAMES_MAX];
    size_t n = 0;
    struct ht_buf b;
    DIR *dir = theme_dir ? opendir(theme_dir) : NULL;
    ht_buf_init(&b, NAMES_MAX * 256);
    for (size_t i = 0; i < ht_embedded_themes_len; i++)
        n = add_name(names, n, ht_embedded_themes[i].name);
    for (struct dirent *e; dir && (e = readdir(dir));)
        n = add_name(names, n, e->d_name);
    if (dir)
        closedir(dir);
    for (size_t i = 0; i < n; i++) {
        ht_buf_addf(&b, "%s\n", names[i]);
        free(names[i]);
    }
    return ht_buf_take(&b, NULL);
}

struct ht_look ht_theme_look(const struct ht_theme *t, enum ht_style style, enum ht_style overlay)
{
    struct ht_look look = t->looks[style];
    if (overlay != HT_STYLE_NONE) {
        const struct ht_look *over = &t->looks[overlay];
        if (given(&over->fg))
            look.fg = over->fg;
        if (given(&over->bg))
            look.bg = over->bg;
        look.attrs |= over->attrs;
        look.mono_attrs |= over->mono_attrs;
    }
    if (!given(&look.fg))
        look.fg = t->foreground;
    if (!given(&look.bg))
        look.bg = t->background;
    return look;
}

void ht_theme_title(struct ht_theme *t, int ansi)
{
    static const enum ht_style parts[] = {HT_STYLE_TITLE, HT_STYLE_TITLE_ENV, HT_STYLE_TITLE_PRODUCTION};
    for (size_t i = 0; ansi > 0 && i < HT_COUNT(parts); i++) {
        struct ht_look *look = &t->looks[parts[i]];
        look->fg = (struct ht_colour){-1, (int16_t)ansi};
        look->bg = own_colour;
        look->attrs |= HT_ATTR_REVERSE;
    }
}
