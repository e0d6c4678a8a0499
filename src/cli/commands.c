#include "hooktop/cli/commands.h"

/* What several commands share. */
#define USES(...)                                                                                                      \
    .options = (const struct ht_use[]){__VA_ARGS__},                                                                   \
    .options_len = sizeof((const struct ht_use[]){__VA_ARGS__}) / sizeof(struct ht_use)
#define MAY(id)                                                                                                        \
    {                                                                                                                  \
        HT_OPT_##id, false                                                                                             \
    }
#define MUST(id)                                                                                                       \
    {                                                                                                                  \
        HT_OPT_##id, true                                                                                              \
    }
#define ONE(operand) .operands = (operand), .min = 1, .max = 1
#define FILTER_WORDS .operands = "[FILTER]...", .max = HT_OPERANDS_MAX

#define FILTER_ABOUT                                                                                                   \
    "FILTER is the filter language of the console: word, \"two words\", field:value, field:a|b, -field:value, "        \
    "field:glob*, after:-2h, before:14:00, on:2026-11-19. Terms are ANDed. One that begins "                           \
    "with - stands after --, or inside quotes with another."

const struct ht_group ht_groups[] = {
    {"tenant", "tenants: whose events and endpoints they are"},
    {"type", "event types: the catalogue of each profile"},
    {"event", "events: what happened"},
    {"endpoint", "endpoints: where events are sent"},
    {"secret", "signing secrets and keys of endpoints and tenants"},
    {"delivery", "deliveries: one event on its way to one endpoint"},
    {"worker", "workers: the processes that deliver"},
    {"retention", "retention: how long what happened is kept"},
    {"alert", "alerts: what an operator must know without having asked"},
};
const size_t ht_groups_len = HT_COUNT(ht_groups);

const struct ht_command ht_commands[] = {
    {.name = "console",
     .run = ht_cmd_console,
     .summary = "Open the console (what hooktop alone does)",
     .about = "Delivers in the background as [worker] in_console says, when the key ring is readable here and no "
              "dedicated worker is at work."},
    {.name = "demo",
     USES(MAY(HEADLESS)),
     .flags = HT_COMMAND_APART,
     .run = ht_cmd_demo,
     .summary = "Try hooktop in a place of its own: a private PostgreSQL, sample tenants, local receivers",
     .about = "Ignores configuration and environment. Without a terminal it runs headless: plain text that ends with a "
              "table, and success only if every signature verified and nothing was lost."},
    {.name = "setup",
     USES(MAY(PRINT)),
     .run = ht_cmd_setup,
     .summary = "Create or upgrade schema, roles, partitions and the catalogue",
     .about =
         "Safe to repeat. Makes a key ring only when nothing is sealed yet. Refuses a database that a newer version "
         "has upgraded."},
    {.name = "worker",
     USES(MAY(CONCURRENCY), MAY(DRAIN)),
     .flags = HT_COMMAND_WRITES,
     .run = ht_cmd_worker,
     .summary = "Deliver until told to stop",
     .about =
         "SIGTERM or ^C: claim no more, finish what is in flight, give the rest back; a second one leaves at once. "
         "Any number of workers may run against one database."},
    {.name = "worker list", .run = ht_cmd_worker_list, .summary = "Workers with their heartbeats and leases"},

    {.name = "retention list",
     .run = ht_cmd_retention_list,
     .summary = "Partitions with their size, when each is dropped, and how many waiting deliveries keep it"},
    {.name = "retention set",
     .flags = HT_COMMAND_WRITES,
     .operands = "KIND DAYS",
     .min = 2,
     .max = 2,
     .run = ht_cmd_retention_set,
     .summary = "Keep events, deliveries or attempts for so many days",
     .about = "KIND is event, delivery or attempt. Workers drop whole days, never one with a delivery still waiting."},

    {.name = "tenant list", .run = ht_cmd_tenant_list, .summary = "Tenants and how many endpoints each has"},
    {.name = "tenant add",
     ONE("NAME"),
     USES(MUST(PROFILE)),
     .flags = HT_COMMAND_WRITES,
     .run = ht_cmd_tenant_add,
     .summary = "Make a tenant; its profile is its catalogue of events"},

    {.name = "type list",
     FILTER_WORDS,
     USES(MAY(FIND_PROFILE), MAY(FIND_STATE)),
     .run = ht_cmd_type_list,
     .summary = "The catalogue",
     .about = FILTER_ABOUT},
    {.name = "type show",
     ONE("TYPE"),
     USES(MAY(FIND_PROFILE)),
     .run = ht_cmd_type_show,
     .summary = "One type with its contract and a sample that meets it",
     .about = "A name that stands in several profiles is shown for the --tenant's, or for --profile."},

    {.name = "type add",
     ONE("TYPE"),
     USES(MAY(DESCRIPTION), MAY(CONTRACT), MAY(SAMPLE)),
     .flags = HT_COMMAND_WRITES,
     .run = ht_cmd_type_add,
     .summary = "Make a type of the tenant's own, or change one",
     .about = "The vendors' types cannot be changed. A standard tenant's types are made by their first event, too."},

    {.name = "emit",
     USES(MUST(TYPE), MAY(DATA), MAY(SOURCE), MAY(PERFORMED_BY), MAY(EVENT_NAME), MAY(WORKFLOW), MAY(KEY)),
     .flags = HT_COMMAND_WRITES,
     .run = ht_cmd_emit,
     .summary = "Emit an event: one delivery for each endpoint subscribed to its type",
     .about =
         "The data are sent as the bytes that are given, at most 256 KiB. What a profile does not use is ignored."},
    {.name = "event list",
     FILTER_WORDS,
     USES(MAY(FIND_TYPE), MAY(FIND_SINCE), MAY(FIND_KEY), MAY(FIND_CONTAINS), MAY(LIMIT)),
     .run = ht_cmd_event_list,
     .summary = "Events, newest first, also those nobody was subscribed to",
     .about = FILTER_ABOUT},
    {.name = "event show", ONE("EVENT"), .run = ht_cmd_event_show, .summary = "One event with its data and deliveries"},

    {.name = "event purge",
     ONE("EVENT"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED | HT_COMMAND_CONFIRMS,
     .run = ht_cmd_event_purge,
     .summary = "Remove its data and what receivers answered; refused while a delivery of it waits",
     .about = "Ids, times and statuses stay in the log. It cannot be redelivered any more."},
    {.name = "why",
     .operands = "EVENT [ENDPOINT]",
     .min = 1,
     .max = 2,
     .run = ht_cmd_why,
     .summary = "Why an event did or did not reach each endpoint of its tenant",
     .about = "Judged by each endpoint's settings and subscriptions at the time of the event."},

    {.name = "endpoint list",
     FILTER_WORDS,
     USES(MAY(FIND_STATUS), MAY(FIND_PROFILE), MAY(LIMIT)),
     .run = ht_cmd_endpoint_list,
     .summary = "Endpoints with their figures of the last 24 hours",
     .about = FILTER_ABOUT},
    {.name = "endpoint show",
     ONE("ENDPOINT"),
     .run = ht_cmd_endpoint_show,
     .summary = "One endpoint: settings, subscriptions, secrets"},
    {.name = "endpoint add",
     USES(MUST(URL), MAY(PROFILE), MAY(DESCRIPTION), MAY(SUBSCRIBE), MAY(HEADER), MAY(TIMEOUT), MAY(SCHEDULE),
          MAY(RATE), MAY(IN_FLIGHT), MAY(SOURCE_FILTER), MAY(WORKFLOWS), MAY(SECRET_FILE)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_add,
     .summary = "Make an endpoint and show its secret, this once",
     .about = "The profile is the tenant's if none is given, or standard. Without a subscription it receives nothing."},
    {.name = "endpoint edit",
     ONE("ENDPOINT"),
     USES(MAY(URL), MAY(DESCRIPTION), MAY(SUBSCRIBE), MAY(UNSUBSCRIBE), MAY(HEADER), MAY(TIMEOUT), MAY(SCHEDULE),
          MAY(RATE), MAY(IN_FLIGHT), MAY(SOURCE_FILTER), MAY(WORKFLOWS), MAY(CLEAR)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_edit,
     .summary = "Change settings and subscriptions; what is not named stays",
     .about =
         "Headers and workflows replace all there were. A changed URL of a ClaimPort endpoint must be verified again."},
    {.name = "endpoint pause",
     ONE("ENDPOINT"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_pause,
     .summary = "Hold its deliveries back, for a while"},
    {.name = "endpoint resume",
     ONE("ENDPOINT"),
     USES(MAY(HELD), MAY(RELEASE_RATE)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_resume,
     .summary = "End a pause; held deliveries are released, if --held says nothing else"},
    {.name = "endpoint disable",
     ONE("ENDPOINT"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_disable,
     .summary = "Switch it off; deliveries are kept"},
    {.name = "endpoint enable",
     ONE("ENDPOINT"),
     USES(MAY(HELD), MAY(RELEASE_RATE)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_enable,
     .summary = "Switch it on again; held deliveries are released, if --held says nothing else"},
    {.name = "endpoint release",
     ONE("ENDPOINT"),
     USES(MAY(RELEASE_RATE)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_release,
     .summary = "Let held deliveries of an active endpoint go"},
    {.name = "endpoint remove",
     ONE("ENDPOINT"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED | HT_COMMAND_CONFIRMS,
     .run = ht_cmd_endpoint_remove,
     .summary = "Remove it; waiting deliveries are cancelled, the log stays"},

    {.name = "endpoint snooze",
     ONE("ENDPOINT"),
     USES(MAY(SNOOZE_FOR), MAY(SNOOZE_ALWAYS), MAY(SNOOZE_END)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_endpoint_snooze,
     .summary = "Leave to fail: no failures disable it --for a time, or --always; --end takes the leave back",
     .about = "A 410 disables it all the same. Failures go on being counted: after the leave the next one may disable "
              "it."},

    {.name = "alert list",
     USES(MAY(ALL), MAY(LIMIT)),
     .run = ht_cmd_alert_list,
     .summary = "Alerts that nobody has acknowledged yet, newest first",
     .about = "One is raised when an endpoint is disabled by a rule, and at most once an hour for each endpoint when a "
              "delivery is given up or set aside or the address guard refuses a receiver. Endpoints subscribed to "
              "endpoint.disabled or delivery.exhausted by these very names receive events of them too."},
    {.name = "alert acknowledge",
     .operands = "ALERT...",
     .min = 1,
     .max = HT_OPERANDS_MAX,
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_alert_acknowledge,
     .summary = "Say that somebody has seen to it"},

    {.name = "secret list",
     .operands = "[ENDPOINT]",
     .max = 1,
     USES(MAY(FIND_STATE), MAY(FIND_AGE), MAY(FIND_PROFILE), MAY(LIMIT)),
     .run = ht_cmd_secret_list,
     .summary = "All generations of an endpoint's secret, or without one every secret in use",
     .about =
         "Every secret: its age, rotations in progress with the time left, and how many of its endpoint's last 100 "
         "attempts it signed. --state 'next|retiring' shows rotations alone, --older-than 90d what is due for one."},
    {.name = "secret rotate",
     .operands = "[ENDPOINT]",
     .max = 1,
     USES(MAY(OVERLAP), MAY(TO_FILE)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_secret_rotate,
     .summary = "Make a new secret and show it, this once; without an endpoint, the tenant's signing key",
     .about =
         "Where a profile's header carries two signatures both sign until the overlap (24 h) ends; elsewhere the old "
         "one signs alone until then."},
    {.name = "secret promote",
     .operands = "[ENDPOINT]",
     .max = 1,
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_secret_promote,
     .summary = "Let the secret that waits sign now, alone; without an endpoint, the tenant's key",
     .about = "For profiles whose header carries one signature. The receiver must know the new secret already: "
              "secret probe tells."},
    {.name = "secret revoke",
     .operands = "[ENDPOINT]",
     .max = 1,
     USES(MAY(GENERATION)),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_secret_revoke,
     .summary = "End the old secret before its time, or one that waits; without an endpoint, the tenant's key",
     .about =
         "The one that signs cannot be ended: rotate with --overlap 0s replaces it at once, and every receiver that "
         "does not know the new one refuses what follows."},
    {.name = "secret probe",
     ONE("ENDPOINT"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_secret_probe,
     .summary = "Ask the receiver whether it accepts the newest secret yet",
     .about =
         "Sends the profile's test event signed with that secret alone and, when it was accepted, another one signed "
         "with a key that nobody has: a receiver that accepts both does not check test events, and nothing is "
         "known. Succeeds when the first was accepted and the second was not."},
    {.name = "secret public-key",
     USES(MAY(NEXT)),
     .run = ht_cmd_secret_public_key,
     .summary = "Print the public half of the tenant's signing key as PEM"},

    {.name = "ping",
     ONE("ENDPOINT"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_ping,
     .summary = "Send the profile's test event and print the answer",
     .about = "Succeeds when the profile counts the answer as success. An unverified endpoint becomes active by it."},

    {.name = "delivery list",
     FILTER_WORDS,
     USES(MAY(FIND_ENDPOINT), MAY(FIND_STATUS), MAY(FIND_SINCE), MAY(FIND_TYPE), MAY(LIMIT)),
     .run = ht_cmd_delivery_list,
     .summary = "The log, newest first",
     .about = FILTER_ABOUT},
    {.name = "delivery show",
     ONE("DELIVERY"),
     .run = ht_cmd_delivery_show,
     .summary = "One delivery: event, body and every attempt"},
    {.name = "delivery tail",
     FILTER_WORDS,
     USES(MAY(FIND_ENDPOINT), MAY(FIND_STATUS), MAY(FIND_TYPE), MAY(LIMIT)),
     .run = ht_cmd_delivery_tail,
     .summary = "The log as it grows: a line whenever a delivery is new or changes, until ^C",
     .about = "Begins with the newest 10 (--limit). Watches the newest 500. " FILTER_ABOUT},
    {.name = "delivery groups",
     FILTER_WORDS,
     USES(MAY(FIND_ENDPOINT), MAY(FIND_STATUS), MAY(FIND_SINCE), MAY(FIND_TYPE), MAY(LIMIT)),
     .run = ht_cmd_delivery_groups,
     .summary = "What fails, in groups that fail alike: endpoint, error, code and status, the largest first",
     .about = "Counts exactly; without --since over all that is kept. " FILTER_ABOUT},
    {.name = "delivery redeliver",
     ONE("DELIVERY"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_delivery_redeliver,
     .summary = "Deliver the same event again, as a new delivery linked to this one"},
    {.name = "delivery cancel",
     ONE("DELIVERY"),
     .flags = HT_COMMAND_WRITES | HT_COMMAND_AUDITED,
     .run = ht_cmd_delivery_cancel,
     .summary = "Send it no more"},

    {.name = "verify",
     USES(MUST(PROFILE), MUST(VERIFY_KEY), MUST(BODY), MAY(VERIFY_HEADER), MAY(AT)),
     .flags = HT_COMMAND_APART,
     .run = ht_cmd_verify,
     .summary = "Check a request's signature as a receiver would, and say what is wrong with it",
     .about = "Needs no database. Give every header of the request that bears on it."},
};
const size_t ht_commands_len = HT_COUNT(ht_commands);
