#include <string.h>

#include "hooktop/cli/doctor.h"

/* Every kind that hooktop.health() tells of (sql/040_health.sql). */
const struct ht_trouble_kind ht_trouble_kinds[] = {
    {"queue.past_due", true,
     "see that enough workers run (hooktop worker list) and that no limit of the endpoints holds them up (hooktop "
     "stats)"},
    {"worker.none", true, "start one: systemctl start hooktop-worker, or hooktop worker"},
    {"worker.silent", true,
     "look at that machine; its deliveries go to others once their leases run out, so one worker elsewhere is enough"},
    {"worker.version", false, "restart it with this version, or use that one here"},
    {"endpoint.disabled", true,
     "ask who runs the receiver; then hooktop endpoint enable ENDPOINT, which releases what was held meanwhile"},
    {"endpoint.near_disabling", true,
     "hooktop doctor --endpoint ENDPOINT tells where it fails; hooktop endpoint snooze ENDPOINT gives it time"},
    {"endpoint.unverified", false, "hooktop ping ENDPOINT, and let its receiver answer 200"},
    {"endpoint.unsubscribed", false, "hooktop endpoint edit ENDPOINT --subscribe PATTERN, or remove the endpoint"},
    {"delivery.exhausted", true,
     "hooktop delivery groups --status exhausted --since 1d shows why; when it is mended: hooktop delivery redeliver"},
    {"delivery.quarantined", true,
     "our own fault, nothing the receiver did: hooktop delivery list --status quarantined shows the reason"},
    {"secret.rotation_overdue", true, "hooktop secret rotate ENDPOINT, or without one for the tenant's key"},
    {"secret.unconfirmed", false, "hooktop secret probe ENDPOINT tells whether it arrived; if not, rotate again"},
    {"partition.missing", true, "start a worker, which makes them every hour, or run hooktop setup"},
    {"partition.overdue", false, "release or cancel the deliveries that are held: hooktop delivery list --status held"},
};
const size_t ht_trouble_kinds_len = HT_COUNT(ht_trouble_kinds);

const struct ht_trouble_kind *ht_trouble_kind(const char *name)
{
    static const struct ht_trouble_kind unknown = {"", false, "look it up in docs/operations.md"};
    for (size_t i = 0; i < HT_COUNT(ht_trouble_kinds); i++)
        if (strcmp(ht_trouble_kinds[i].name, name) == 0)
            return &ht_trouble_kinds[i];
    return &unknown;
}
