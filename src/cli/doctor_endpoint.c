#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hooktop/base/clock.h"
#include "hooktop/cli/doctor.h"
#include "hooktop/delivery/inspect.h"

#define TIMEOUT_MS     5000
#define CERT_SOON_DAYS 21
#define DAY_US         (INT64_C(86400) * 1000000)
#define PAGE           500

static void look_at_names(struct ht_doctor *d, const char *subject, const struct ht_inspection *i)
{
    struct ht_buf all HT_BUF_CLEANUP;
    ht_buf_init(&all, 2048);
    if (i->dns_error[0] != '\0') {
        ht_doctor_say(d, HT_DOCTOR_WRONG, "dns", subject,
                      "correct the URL, or this machine's name servers (/etc/resolv.conf)", "%s: %s", i->host,
                      i->dns_error);
        return;
    }
    for (size_t n = 0; n < i->n_answers; n++)
        ht_buf_addf(&all, "%s%s", n > 0 ? ", " : "", i->answers[n].address);
    ht_doctor_say(d, HT_DOCTOR_OK, "dns", subject, NULL, "%s is %s", i->host, all.data);
    for (size_t n = 0; n < i->n_answers; n++)
        if (i->answers[n].rule != NULL)
            ht_doctor_say(d, HT_DOCTOR_WRONG, "guard", subject,
                          "use a public address; for a receiver inside, name its range in [egress] allow",
                          "%s is refused by the rule: %s", i->answers[n].address, i->answers[n].rule);
    if (i->tried)
        ht_doctor_say(d, HT_DOCTOR_OK, "guard", subject, NULL, "it may be connected to");
}

static void look_at_certificate(struct ht_doctor *d, const char *subject, const struct ht_inspection *i)
{
    char until[HT_TIME_TEXT];
    ht_doctor_say(d, HT_DOCTOR_OK, "tls", subject, NULL, "%s, the certificate is trusted and fits the name",
                  i->tls_version[0] != '\0' ? i->tls_version : "handshake completed");
    if (i->cert_until_us == 0)
        return;
    int64_t days = (i->cert_until_us - ht_wall_us()) / DAY_US;
    ht_time_rfc3339(i->cert_until_us, until);
    if (days < CERT_SOON_DAYS)
        ht_doctor_say(d, HT_DOCTOR_WRONG, "certificate", subject,
                      "tell who runs the receiver to renew it: from that day on deliveries fail",
                      "it expires in %" PRId64 " days, at %s", days, until);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "certificate", subject, NULL, "it expires in %" PRId64 " days, at %s", days,
                      until);
}

/* What a failed request means, by its error word. */
static const char *remedy(enum ht_attempt_error e)
{
    static const struct {
        enum ht_attempt_error error;
        const char *fix;
    } remedies[] = {
        {HT_ATTEMPT_REFUSED, "let the receiver be started, or correct the URL's port"},
        {HT_ATTEMPT_UNREACHABLE, "look at routes and firewalls between this machine and the receiver"},
        {HT_ATTEMPT_TIMEOUT_CONNECT, "look at firewalls: the connection is neither accepted nor refused"},
        {HT_ATTEMPT_TLS, "let the receiver present a certificate of a known authority for this name, with its chain; "
                         "for an authority of your own, name its file in [egress] ca_file"},
        {HT_ATTEMPT_BLOCKED, "use a public address; for a receiver inside, name its range in [egress] allow"},
    };
    for (size_t i = 0; i < HT_COUNT(remedies); i++)
        if (remedies[i].error == e)
            return remedies[i].fix;
    return "look at the receiver: it must answer HTTP";
}

static bool connected(const struct ht_inspection *i)
{
    return i->phases.connect_us > 0;
}

static void look_at_answer(struct ht_doctor *d, const char *subject, const struct ht_inspection *i)
{
    if (connected(i))
        ht_doctor_say(d, HT_DOCTOR_OK, "connect", subject, NULL, "%s within %d ms",
                      i->address != NULL ? i->address : i->host, (i->phases.connect_us - i->phases.dns_us) / 1000);
    if (i->secure && connected(i) && i->error != HT_ATTEMPT_TLS && i->phases.tls_us > 0)
        look_at_certificate(d, subject, i);
    if (i->location[0] != '\0')
        ht_doctor_say(d, HT_DOCTOR_WRONG, "redirect", subject,
                      "redirects are never followed: change the endpoint's URL to where it leads, if that is meant",
                      "status %d, to %s", i->status, i->location);
    else if (i->status == 0)
        ht_doctor_say(d, HT_DOCTOR_WRONG, i->error == HT_ATTEMPT_TLS ? "tls" : "connect", subject, remedy(i->error),
                      "%s: %s", ht_attempt_words[i->error].name,
                      i->error_detail != NULL ? i->error_detail : ht_attempt_words[i->error].meaning);
    else
        ht_doctor_say(d, HT_DOCTOR_OK, "http", subject, NULL, "answers (status %d to HEAD; no event was sent)",
                      i->status);
}

void ht_doctor_endpoint(struct ht_doctor *d, const struct ht_endpoint *e)
{
    HT_CLEANUP(ht_inspection_fini) struct ht_inspection i = {0};
    struct ht_err err = {0};
    char id[HT_UUID_TEXT];
    ht_uuid_format(&e->id, id);
    if (ht_inspect(&d->ctx->config.egress, e->url, ht_conn_fd(d->conn), TIMEOUT_MS, &i, &err) != HT_OK) {
        ht_doctor_error(d, "url", id, &err);
        return;
    }
    look_at_names(d, id, &i);
    if (i.tried)
        look_at_answer(d, id, &i);
}

/* All of them --------------------------------------------------------------------------------------------------- */

/* The part of a URL that a connection depends on: scheme, host and port. */
static size_t origin_len(const char *url)
{
    const char *authority = strstr(url, "://");
    return authority != NULL ? (size_t)(authority - url) + 3 + strcspn(authority + 3, "/?#") : strlen(url);
}

static bool seen_before(const struct ht_endpoints *list, size_t n)
{
    size_t len = origin_len(list->rows[n].url);
    for (size_t i = 0; i < n; i++)
        if (list->rows[i].status == HT_ENDPOINT_ACTIVE && origin_len(list->rows[i].url) == len &&
            strncmp(list->rows[i].url, list->rows[n].url, len) == 0)
            return true;
    return false;
}

void ht_doctor_endpoints(struct ht_doctor *d, int32_t limit)
{
    HT_CLEANUP(ht_endpoints_fini) struct ht_endpoints list = {0};
    HT_CLEANUP(ht_filter_fini) struct ht_filter none = {0};
    struct ht_err err = {0};
    int32_t looked = 0, left = 0;
    if (ht_store_endpoints(d->conn, NULL, &none, NULL, PAGE, &list, &err) != HT_OK) {
        ht_doctor_error(d, "endpoints", NULL, &err);
        return;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (list.rows[i].status != HT_ENDPOINT_ACTIVE || seen_before(&list, i))
            continue;
        if (looked == limit) {
            left++;
            continue;
        }
        ht_doctor_endpoint(d, &list.rows[i]);
        looked++;
    }
    if (left > 0 || list.more)
        ht_doctor_say(d, HT_DOCTOR_NOTE, "endpoints", NULL, "--hosts N looks at more, --endpoint E at one",
                      "the way to %d hosts was looked at, to %d%s others not", looked, left,
                      list.more ? " or more" : "");
}
