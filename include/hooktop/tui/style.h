/* The names of everything that can be coloured: one table that the canvas, the theme files and their manual share.
 * A cell carries one of these and, on top, possibly a second one (the selected row, a match). Constant data. */
#ifndef HOOKTOP_TUI_STYLE_H
#define HOOKTOP_TUI_STYLE_H

/*   id              key in a theme's [style]   what it is for */
#define HT_STYLES(X)                                                                                                   \
    X(NONE, "default", "everything without a style of its own")                                                        \
    X(TITLE, "title", "the first line")                                                                                \
    X(TITLE_ENV, "title.env", "the environment's name in the first line")                                              \
    X(TITLE_PRODUCTION, "title.production", "the same in an environment marked production")                            \
    X(TITLE_WARN, "title.warn", "what is wrong, in the first line")                                                    \
    X(BANNER, "banner", "a permanent warning")                                                                         \
    X(TAB, "tab", "names of screens and tabs")                                                                         \
    X(TAB_ON, "tab.on", "the one that is shown")                                                                       \
    X(HINT_KEY, "hint.key", "keys in the last line and in help")                                                       \
    X(HINT_TEXT, "hint.text", "what those keys do")                                                                    \
    X(HEADER, "header", "names of columns")                                                                            \
    X(ROW, "row", "rows of lists, texts")                                                                              \
    X(SELECTED, "row.selected", "the selected row, on top of its own colours")                                         \
    X(MARKED, "row.marked", "marked rows, on top of their own colours")                                                \
    X(STALE, "row.stale", "rows that may be out of date, on top of their own colours")                                 \
    X(OK, "status.ok", "succeeded, active, current")                                                                   \
    X(RETRY, "status.retry", "waiting for a retry, degraded")                                                          \
    X(FAILED, "status.failed", "failed for good, switched off")                                                        \
    X(HELD, "status.held", "held, paused, unverified")                                                                 \
    X(BUSY, "status.busy", "being sent now")                                                                           \
    X(DIM, "dim", "what matters less")                                                                                 \
    X(LABEL, "label", "names of fields")                                                                               \
    X(HEADING, "heading", "headings inside a screen")                                                                  \
    X(CTRL, "ctrl", "bytes made visible, such as <1B>")                                                                \
    X(RULE, "rule", "lines and boxes")                                                                                 \
    X(SPARK, "spark", "small graphs")                                                                                  \
    X(MATCH, "match", "what a search found, on top of its own colours")                                                \
    X(JSON_KEY, "json.key", "names in JSON")                                                                           \
    X(JSON_STRING, "json.string", "strings in JSON")                                                                   \
    X(JSON_NUMBER, "json.number", "numbers in JSON")                                                                   \
    X(JSON_WORD, "json.word", "true, false and null in JSON")                                                          \
    X(PROMPT, "prompt", "what is being typed")                                                                         \
    X(PROMPT_ERROR, "prompt.error", "where it is wrong")                                                               \
    X(FLASH, "flash", "the result of the last action")                                                                 \
    X(FLASH_ERROR, "flash.error", "the same, when it failed")                                                          \
    X(DIALOG, "dialog", "questions")                                                                                   \
    X(DIALOG_TITLE, "dialog.title", "their title")                                                                     \
    X(DANGER, "dialog.danger", "the title when the answer changes something")                                          \
    X(BUTTON, "dialog.button", "a button")                                                                             \
    X(BUTTON_ON, "dialog.button.on", "the button that Enter presses")

#define HT_STYLE_ENUM(id, ...) HT_STYLE_##id,
enum ht_style { HT_STYLES(HT_STYLE_ENUM) HT_STYLE_COUNT };

#endif
