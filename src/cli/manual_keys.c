#include "hooktop/tui/keys.h"
#include "manual.h"

void ht_manual_keys(struct ht_buf *out)
{
    ht_roff_section(out, "KEYS OF THE CONSOLE");
    ht_roff_paragraph(out, "Each action can be called by its name after a colon, too.");
    for (int i = 0; i < HT_ACT_COUNT; i++)
        ht_roff_term(out, ht_actions[i].keys, ht_actions[i].name, ht_actions[i].help);
}
