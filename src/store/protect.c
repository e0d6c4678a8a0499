/* What protects a connection that leaves this machine, where the dsn, its service and the environment leave it to
 * libpq, whose own default asks for TLS but goes on without it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "query.h"

static const char *const system_authorities[] = {"/etc/ssl/certs/ca-certificates.crt",
                                                 "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"};

/* What libpq would connect with, all sources merged; free with PQconninfoFree. libpq gives that away only for a
 * connection: this one has a setting that it refuses before it makes a socket. */
static PQconninfoOption *merged(const char *dsn)
{
    static const char *const keywords[] = {"dbname", "target_session_attrs", NULL};
    const char *const values[] = {dsn, "(only asking)", NULL};
    PGconn *asked = PQconnectStartParams(keywords, values, 1);
    PQconninfoOption *options = PQconninfo(asked);
    PQfinish(asked);
    return options;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o != NULL && o->keyword != NULL; o++)
        if (strcmp(o->keyword, keyword) == 0 && o->val != NULL)
            return o->val;
    return "";
}

static bool is_said(const PQconninfoOption *options, const char *keyword)
{
    const char *value = value_of(options, keyword);
    return value[0] != '\0' && strcmp(value, "prefer") != 0 && strcmp(value, "allow") != 0;
}

/* Every one of a list by commas: sockets of this machine, or its loopback. */
static bool all_local(const char *hosts)
{
    static const char *const names[] = {"", "localhost", "::1"};
    for (const char *at = hosts;; at++) {
        size_t len = strcspn(at, ",");
        bool local = *at == '/' || *at == '@' || strncmp(at, "127.", 4) == 0;
        for (size_t i = 0; i < HT_COUNT(names) && !local; i++)
            local = strlen(names[i]) == len && strncmp(at, names[i], len) == 0;
        if (!local)
            return false;
        at += len;
        if (*at == '\0')
            return true;
    }
}

static bool is_local(const PQconninfoOption *options)
{
    const char *host = value_of(options, "host");
    return all_local(host[0] != '\0' ? host : value_of(options, "hostaddr"));
}

static bool at_home(const char *file)
{
    char path[4096];
    const char *home = getenv("HOME");
    int n = snprintf(path, sizeof(path), "%s/.postgresql/%s", home != NULL ? home : "", file);
    return n > 0 && (size_t)n < sizeof(path) && access(path, F_OK) == 0;
}

/* NULL: libpq knows one, or there is none and it says so. */
static const char *authorities(const PQconninfoOption *options)
{
    if (value_of(options, "sslrootcert")[0] != '\0' || at_home("root.crt"))
        return NULL;
    if (PQlibVersion() >= 160000)
        return "system";
    for (size_t i = 0; i < HT_COUNT(system_authorities); i++)
        if (access(system_authorities[i], R_OK) == 0)
            return system_authorities[i];
    return NULL;
}

void ht_pg_protect(const char *dsn, struct ht_pg_protection *ret)
{
    PQconninfoOption *options = merged(dsn);
    *ret = (struct ht_pg_protection){0};
    if (!is_local(options) && !is_said(options, "sslmode") && strcmp(value_of(options, "gssencmode"), "require") != 0) {
        ret->sslmode = "verify-full";
        ret->gssencmode = "disable"; /* it would come first, and without TLS */
        ret->sslrootcert = authorities(options);
        /* A login by client certificate has nothing to bind. */
        if (!is_said(options, "channel_binding") && value_of(options, "sslcert")[0] == '\0' &&
            !at_home("postgresql.crt"))
            ret->channel_binding = "require";
    }
    PQconninfoFree(options);
}

bool ht_pg_is_exposed(PGconn *pg)
{
    PQconninfoOption *options = PQconninfo(pg);
    bool verified = PQsslInUse(pg) != 0 && strcmp(value_of(options, "sslmode"), "verify-full") == 0;
    bool exposed = !is_local(options) && !verified && PQgssEncInUse(pg) == 0;
    PQconninfoFree(options);
    return exposed;
}

/* The first whose words libpq's message has. */
static const struct {
    const char *words;
    const char *fix;
} remedies[] = {
    {"does not support SSL",
     "turn TLS on in the server (ssl = on); sslmode in the dsn can ask for less than verify-full"},
    {"channel binding", "let the server ask for scram-sha-256 (pg_hba.conf); where a pooler or another kind of login "
                        "stands between, channel_binding=disable in the dsn"},
    {"certificate", "sslrootcert=FILE in the dsn names the authority; host= must be the name in the certificate"},
};

const char *ht_pg_tls_remedy(const char *message)
{
    for (size_t i = 0; i < HT_COUNT(remedies); i++)
        if (strstr(message, remedies[i].words) != NULL)
            return remedies[i].fix;
    return NULL;
}
