#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "hooktop/base/codec.h"
#include "hooktop/cli/doctor.h"
#include "hooktop/store/setup.h"

#define FILES_BESIDES 64 /* libraries, the database, the log */
#define LOCKED_BYTES  (4u * 1024u * 1024u)

/* The machine --------------------------------------------------------------------------------------------------- */

static void look_at_limits(struct ht_doctor *d)
{
    struct rlimit files = {0}, locked = {0};
    rlim_t needed = (rlim_t)d->ctx->config.worker_concurrency + FILES_BESIDES;
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_MEMLOCK, &locked);
    if (files.rlim_cur < needed)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "limits", NULL,
                      "raise it (LimitNOFILE of the unit, ulimit -n) or lower [worker] concurrency",
                      "%" PRIu64 " open files are allowed, %d requests in flight need %" PRIu64,
                      (uint64_t)files.rlim_cur, d->ctx->config.worker_concurrency, (uint64_t)needed);
    else if (locked.rlim_cur < LOCKED_BYTES && geteuid() != 0)
        ht_doctor_say(
            d, HT_DOCTOR_WRONG, "limits", NULL, "raise it to 8 MiB (LimitMEMLOCK of the unit, ulimit -l 8192)",
            "only %" PRIu64 " KiB of memory may be locked: secrets may reach swap", (uint64_t)locked.rlim_cur / 1024);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "limits", NULL, NULL, "open files and locked memory are enough");
}

void ht_doctor_machine(struct ht_doctor *d)
{
    const struct ht_config *c = &d->ctx->config;
    char exceptions[1024];
    ht_doctor_say(d, HT_DOCTOR_OK, "configuration", NULL, NULL, "%s", c->file != NULL ? c->file : "no file: defaults");
    look_at_limits(d);
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "locale", NULL, "LC_ALL=C.UTF-8 shows lines and foreign letters",
                      "the locale's characters are %s: the console draws in ASCII", nl_langinfo(CODESET));
    if (c->egress.ca_file[0] != '\0' && access(c->egress.ca_file, R_OK) != 0)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "egress", c->egress.ca_file,
                      "give the file of [egress] ca_file to this user to read, or leave the setting out", "%s",
                      strerror(errno));
    if (ht_egress_exceptions(&c->egress, exceptions, sizeof exceptions))
        ht_doctor_say(d, HT_DOCTOR_NOTE, "egress", NULL,
                      "in production, take http and allow out of [egress] unless they are meant",
                      "exceptions to the address guard are set: %s", exceptions);
}

/* The key ring -------------------------------------------------------------------------------------------------- */

/* What is sealed to a key: `here` (NULL: none is) lacks it, or the ring of a worker does. */
static void look_at_use(struct ht_doctor *d, const struct ht_ring *here, const struct ht_ring_use *use)
{
    HT_AUTOFREE char *workers = NULL;
    uint8_t id[HT_RING_KEY_ID];
    struct ht_err err = {0};
    if (use->in_use == 0 || strlen(use->id) != 2 * sizeof id || !ht_hex_decode(use->id, 2 * sizeof id, id))
        return;
    if (here != NULL && !use->current && !ht_ring_has(here, id))
        ht_doctor_say(
            d, HT_DOCTOR_WRONG, "key ring", d->ctx->config.vault_key_file,
            "put its line back (from a backup, or another machine that delivers); hooktop rekey then seals all to "
            "the current key",
            "it does not hold the older key %s, to which %" PRId64 " secrets, keys or headers are sealed still",
            use->id, use->in_use);
    if (ht_store_workers_without(d->conn, id, &workers, &err) != HT_OK)
        ht_doctor_error(d, "key ring", use->id, &err);
    else if (workers != NULL)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "key ring", workers,
                      "give those machines the whole ring and restart the workers",
                      "these workers started without key %s, to which %" PRId64 " secrets, keys or headers are sealed",
                      use->id, use->in_use);
}

static void look_at_uses(struct ht_doctor *d, const struct ht_ring *here)
{
    HT_CLEANUP(ht_ring_uses_fini) struct ht_ring_uses uses = {0};
    struct ht_err err = {0};
    enum ht_rc rc = ht_store_ring_uses(d->conn, &uses, &err);
    if (rc == HT_DENIED)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "key ring", NULL, "run hooktop doctor as a login with the role hooktop_admin",
                      "which older keys are in use still, this login may not see");
    else if (rc != HT_OK)
        ht_doctor_error(d, "key ring", NULL, &err);
    for (size_t i = 0; i < uses.n; i++)
        look_at_use(d, here, &uses.rows[i]);
}

void ht_doctor_ring(struct ht_doctor *d)
{
    uint8_t id[HT_RING_KEY_ID], public_key[32];
    char hex[HT_HEX_SIZE(HT_RING_KEY_ID)];
    const struct ht_ring *ring = NULL;
    const char *file = d->ctx->config.vault_key_file;
    struct ht_err err = {0}, none = {0};
    enum ht_rc rc = ht_ctx_ring(d->ctx, &ring, &err);
    bool known = d->usable && ht_store_ring_current(d->conn, id, public_key, &none) == HT_OK;
    if (known)
        ht_hex_encode(id, sizeof id, hex);
    if (rc == HT_NOT_FOUND)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "key ring", file, "copy it here only if this machine is to deliver or to ping",
                      "it is not here: this machine cannot deliver");
    else if (rc != HT_OK)
        ht_doctor_error(d, "key ring", file, &err);
    else if (d->usable && !known)
        ht_doctor_error(d, "key ring", file, &none);
    else if (known && !ht_ring_has(ring, id))
        ht_doctor_say(d, HT_DOCTOR_WRONG, "key ring", file,
                      "put the ring that holds it there (from a backup, or another machine that delivers)",
                      "it does not hold key %s, which the database seals to", hex);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "key ring", file, NULL, "readable%s%s",
                      known ? ", and holds the current key " : "", known ? hex : "");
    if (d->usable)
        look_at_uses(d, ring);
}
