#include <stdio.h>
#include <string.h>

#include "hooktop/cli/command.h"
#include "hooktop/cli/manual.h"

/* Both shells get the same tables and walk them alike: the command is the first words that are no option and no
 * option's value. Names and words are our own and hold nothing that a shell would read. */

static bool takes_value(const struct ht_option *o)
{
    return o->kind != HT_OPTION_FLAG;
}

static void add_names(struct ht_buf *out, const struct ht_command *c)
{
    for (size_t i = 0; c != NULL && i < c->options_len; i++)
        ht_buf_addf(out, " --%s", ht_options[c->options[i].id].name);
    for (enum ht_option_id id = 0; c == NULL && id < HT_OPT_GLOBALS_END; id++)
        ht_buf_addf(out, " --%s", ht_options[id].name);
}

/* Whether an option of the same name came before it in the table. */
static bool named_before(size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(ht_options[i].name, ht_options[at].name) == 0)
            return true;
    return false;
}

/* Those of the first option of that name that has any. */
static void add_words(struct ht_buf *out, const char *name)
{
    for (size_t i = 0; i < HT_OPT_COUNT; i++) {
        const struct ht_option *o = &ht_options[i];
        if (o->word_at == NULL || strcmp(o->name, name) != 0)
            continue;
        for (size_t w = 0; o->word_at(w) != NULL; w++)
            ht_buf_addf(out, " %s", o->word_at(w));
        return;
    }
}

static const char *first_words(struct ht_buf *out)
{
    for (size_t i = 0; i < ht_commands_len; i++)
        if (strchr(ht_commands[i].name, ' ') == NULL)
            ht_buf_addf(out, " %s", ht_commands[i].name);
    for (size_t i = 0; i < ht_groups_len; i++)
        ht_buf_addf(out, " %s", ht_groups[i].name);
    return out->data;
}

static void add_group(struct ht_buf *out, const struct ht_group *g)
{
    size_t n = strlen(g->name);
    ht_buf_addf(out, "  ['%s']='", g->name);
    for (size_t i = 0; i < ht_commands_len; i++)
        if (strncmp(ht_commands[i].name, g->name, n) == 0 && ht_commands[i].name[n] == ' ')
            ht_buf_addf(out, " %s", ht_commands[i].name + n + 1);
    ht_buf_adds(out, "'\n");
}

/* Tables: what stands after a group's name, each command's options, what follows an option. */
static void add_tables(struct ht_buf *out)
{
    struct ht_buf words HT_BUF_CLEANUP;
    ht_buf_init(&words, 16384);
    ht_buf_addf(out, "_hooktop_first='%s'\n", first_words(&words) + 1);
    ht_buf_adds(out, "declare -gA _hooktop_second _hooktop_options _hooktop_words\n_hooktop_second=(\n");
    for (size_t i = 0; i < ht_groups_len; i++)
        add_group(out, &ht_groups[i]);
    ht_buf_adds(out, ")\n_hooktop_options=(\n");
    for (size_t i = 0; i < ht_commands_len; i++) {
        ht_buf_addf(out, "  ['%s']='", ht_commands[i].name);
        add_names(out, &ht_commands[i]);
        ht_buf_adds(out, "'\n");
    }
    ht_buf_adds(out, ")\n_hooktop_globals='");
    add_names(out, NULL);
    ht_buf_adds(out, "'\n_hooktop_words=(\n");
    for (size_t i = 0; i < HT_OPT_COUNT; i++) {
        const struct ht_option *o = &ht_options[i];
        if (named_before(i) || !takes_value(o))
            continue;
        ht_buf_clear(&words);
        add_words(&words, o->name);
        ht_buf_addf(out, "  ['--%s']='%s'\n", o->name,
                    o->kind == HT_OPTION_FILE ? "FILE"
                    : words.len > 0           ? words.data + 1
                                              : "");
    }
    ht_buf_adds(out, ")\n");
}

/* Sets `command` and `value` (the option whose value is being typed) from the words before the cursor. */
static const char walk[] = "_hooktop_walk() {\n"
                           "  local w first=\n"
                           "  command= value=\n"
                           "  for w in \"$@\"; do\n"
                           "    if [[ -n $value ]]; then value=; continue; fi\n"
                           "    case $w in\n"
                           "    --*=*) ;;\n"
                           "    --*) [[ -n ${_hooktop_words[$w]+x} ]] && value=$w ;;\n"
                           "    -*) ;;\n"
                           "    *)\n"
                           "      if [[ -z $first ]]; then first=$w command=$w\n"
                           "      elif [[ $command == \"$first\" && \" ${_hooktop_second[$first]} \" == *\" $w \"* ]]; "
                           "then command=\"$first $w\"\n"
                           "      fi ;;\n"
                           "    esac\n"
                           "  done\n"
                           "}\n";

static const char bash[] =
    "_hooktop() {\n"
    "  local cur=${COMP_WORDS[COMP_CWORD]} command value choices\n"
    "  _hooktop_walk \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"\n"
    "  COMPREPLY=()\n"
    "  if [[ -n $value ]]; then\n"
    "    choices=${_hooktop_words[$value]}\n"
    "    if [[ $choices == FILE ]]; then mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return; fi\n"
    "  elif [[ $cur == -* ]]; then choices=\"${_hooktop_options[$command]-} $_hooktop_globals\"\n"
    "  elif [[ -z $command ]]; then choices=$_hooktop_first\n"
    "  else choices=${_hooktop_second[$command]-}\n"
    "  fi\n"
    "  mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$cur\")\n"
    "  if [[ ${#COMPREPLY[@]} == 0 && $command == verify || $command == 'endpoint import' ]]; then\n"
    "    mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "  fi\n"
    "}\n"
    "complete -o filenames -F _hooktop hooktop\n";

static const char zsh[] =
    "_hooktop() {\n"
    "  local cur=${words[CURRENT]} command value choices\n"
    "  _hooktop_walk \"${(@)words[2,CURRENT-1]}\"\n"
    "  if [[ -n $value ]]; then\n"
    "    choices=${_hooktop_words[$value]}\n"
    "    if [[ $choices == FILE ]]; then _files; return; fi\n"
    "  elif [[ $cur == -* ]]; then choices=\"${_hooktop_options[$command]} $_hooktop_globals\"\n"
    "  elif [[ -z $command ]]; then choices=$_hooktop_first\n"
    "  else choices=${_hooktop_second[$command]}\n"
    "  fi\n"
    "  compadd -- ${=choices}\n"
    "  [[ $command == 'endpoint import' ]] && _files\n"
    "}\n"
    "if [[ ${funcstack[1]-} == _hooktop ]]; then _hooktop \"$@\"; else compdef _hooktop hooktop; fi\n";

bool ht_completion(const char *shell, struct ht_buf *out)
{
    bool is_zsh = strcmp(shell, "zsh") == 0;
    if (!is_zsh && strcmp(shell, "bash") != 0)
        return false;
    ht_buf_adds(out, is_zsh ? "#compdef hooktop\n" : "# bash completion of hooktop\n");
    add_tables(out);
    ht_buf_adds(out, walk);
    ht_buf_adds(out, is_zsh ? zsh : bash);
    return true;
}
