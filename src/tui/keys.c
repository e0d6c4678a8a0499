#include "hooktop/tui/keys.h"

#include <stdio.h>
#include <string.h>

#include "hooktop/base/text.h"

const struct ht_action ht_actions[HT_ACT_COUNT] = {
#define X(id, name, keys, needs, group, right, hint, help)                                                             \
    {name, keys, needs, HT_GROUP_##group, HT_RIGHT_##right, hint, help},
    HT_ACTIONS(X)
#undef X
};

static const struct {
    const char *name;
    int32_t key;
} named[] = {
    {"Up", HT_KEY_UP},           {"Down", HT_KEY_DOWN},           {"Left", HT_KEY_LEFT},
    {"Right", HT_KEY_RIGHT},     {"Home", HT_KEY_HOME},           {"End", HT_KEY_END},
    {"PgUp", HT_KEY_PAGE_UP},    {"PgDn", HT_KEY_PAGE_DOWN},      {"Tab", HT_KEY_TAB},
    {"S-Tab", HT_KEY_SHIFT_TAB}, {"Enter", HT_KEY_ENTER},         {"Esc", HT_KEY_ESC},
    {"Space", HT_KEY_SPACE},     {"Backspace", HT_KEY_BACKSPACE}, {"Delete", HT_KEY_DELETE},
    {"Insert", HT_KEY_INSERT},
};

bool ht_action_changes(const struct ht_action *a)
{
    return a->right != HT_RIGHT_VIEW;
}

int32_t ht_key_parse(const char *name, size_t len)
{
    uint32_t ch;
    for (size_t i = 0; i < HT_COUNT(named); i++)
        if (strlen(named[i].name) == len && memcmp(named[i].name, name, len) == 0)
            return named[i].key;
    if (len == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
        return HT_CTRL(name[1]);
    if (len >= 2 && len <= 3 && name[0] == 'F' && strspn(name + 1, "0123456789") >= len - 1) {
        int n = len == 2 ? name[1] - '0' : (name[1] - '0') * 10 + (name[2] - '0');
        return n >= 1 && n <= 12 ? HT_KEY_F1 + n - 1 : HT_KEY_NONE;
    }
    if (len > 0 && ht_utf8_decode(name, len, &ch) == len && ch > HT_KEY_SPACE && ch != HT_KEY_BACKSPACE)
        return (int32_t)ch;
    return HT_KEY_NONE;
}

void ht_key_format(int32_t key, char ret[16])
{
    for (size_t i = 0; i < HT_COUNT(named); i++)
        if (named[i].key == key) {
            snprintf(ret, 16, "%s", named[i].name);
            return;
        }
    if (key >= HT_KEY_F1 && key <= HT_KEY_F12)
        snprintf(ret, 16, "F%d", (int)(key - HT_KEY_F1 + 1));
    else if (key > 0 && key < HT_KEY_SPACE)
        snprintf(ret, 16, "^%c", (char)(key + '@'));
    else {
        char bytes[4] = {0};
        int len = key > 0 && key < HT_KEY_NAMED ? (int)ht_utf8_encode((uint32_t)key, bytes) : 0;
        snprintf(ret, 16, "%.*s", len, bytes);
    }
}

int32_t ht_action_key(const struct ht_action *a, size_t i)
{
    const char *s = a->keys;
    for (;;) {
        s += strspn(s, " ");
        size_t len = strcspn(s, " ");
        if (len == 0)
            return HT_KEY_NONE;
        if (i-- == 0)
            return ht_key_parse(s, len);
        s += len;
    }
}

enum ht_action_id ht_action_of_key(int32_t key, unsigned has)
{
    for (int id = 0; id < HT_ACT_COUNT; id++) {
        const struct ht_action *a = &ht_actions[id];
        if ((a->needs & has) != a->needs)
            continue;
        for (size_t i = 0;; i++) {
            int32_t k = ht_action_key(a, i);
            if (k == HT_KEY_NONE)
                break;
            if (k == key)
                return (enum ht_action_id)id;
        }
    }
    return HT_ACT_COUNT;
}

enum ht_action_id ht_action_find(const char *name)
{
    for (int id = 0; id < HT_ACT_COUNT; id++)
        if (strcmp(ht_actions[id].name, name) == 0)
            return (enum ht_action_id)id;
    return HT_ACT_COUNT;
}
