/* The receiver judges signatures that the openssl command line has made, for every profile: good ones count as
 * verified, all others as refused with a reason. Nothing of the project signs anything here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "hooktop/receiver/receiver.h"
#include "raw_client.h"

/* "whsec_" + base64 of these 24 bytes, for the profiles that decode it. */
#define KEY_HEX    "000102030405060708090a0b0c0d0e0f1011121314151617"
#define KEY_TEXT   "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define OTHER_HEX  "1718191a1b1c1d1e1f202122232425262728292a2b2c2d2e"
#define OTHER_TEXT "whsec_FxgZGhscHR4fICEiIyQlJicoKSorLC0u"

static struct ht_receiver *receiver;
static char dir[] = "/tmp/hooktop-verify-XXXXXX";

/* What a command prints, without the last line feed. */
static void HT_PRINTF(3, 4) run(char *ret, size_t size, const char *fmt, ...)
{
    char command[8192];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(command, sizeof(command), fmt, args);
    va_end(args);
    assert_true(n > 0 && (size_t)n < sizeof(command));
    FILE *p = popen(command, "r");
    assert_non_null(p);
    size_t len = fread(ret, 1, size - 1, p);
    ret[len] = '\0';
    assert_int_equal(pclose(p), 0);
    if (len > 0 && ret[len - 1] == '\n')
        ret[len - 1] = '\0';
}

static void put_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

/* One way to sign: writes the header lines for `body` under key number `key` (0 or 1). */
typedef void sign_fn(const char *body, int key, char *ret, size_t size);

static void sign_standard(const char *body, int key, char *ret, size_t size)
{
    char content[4096], mac[128];
    long now = (long)time(NULL);
    snprintf(content, sizeof(content), "msg_1.%ld.%s", now, body);
    put_file("content", content);
    run(mac, sizeof(mac), "openssl dgst -sha256 -mac HMAC -macopt hexkey:%s -binary %s/content | openssl base64 -A",
        key == 0 ? KEY_HEX : OTHER_HEX, dir);
    snprintf(ret, size, "webhook-id: msg_1\r\nwebhook-timestamp: %ld\r\nwebhook-signature: v1,%s\r\n", now, mac);
}

static void hmac_text(const char *body, int key, char *ret, size_t size)
{
    put_file("content", body);
    run(ret, size, "openssl dgst -sha256 -hmac %s -r %s/content | cut -d' ' -f1", key == 0 ? KEY_TEXT : OTHER_TEXT,
        dir);
}

static void sign_instaclaim(const char *body, int key, char *ret, size_t size)
{
    char mac[128];
    hmac_text(body, key, mac, sizeof(mac));
    snprintf(ret, size,
             "User-Agent: instaClaim-Webhooks/1.0\r\nX-InstaClaim-Event: user.invited\r\nX-InstaClaim-Timestamp: "
             "%ld\r\nX-InstaClaim-Signature: v1=%s\r\n",
             (long)time(NULL), mac);
}

static void sign_claimport(const char *body, int key, char *ret, size_t size)
{
    char mac[128];
    hmac_text(body, key, mac, sizeof(mac));
    snprintf(ret, size, "X-ClaimPort-Signature: sha256=%s\r\n", mac);
}

/* The digest of the body is what is signed, and that signature digests it once more. */
static void sign_instnt(const char *body, int key, char *ret, size_t size)
{
    char signature[1024];
    put_file("content", body);
    run(signature, sizeof(signature),
        "cd %s && openssl dgst -sha256 -binary content > digest && openssl dgst -sha256 -sign key%d.pem digest | "
        "openssl "
        "base64 -A",
        dir, key);
    snprintf(ret, size, "Instnt-Signature: %s\r\n", signature);
}

static const struct scheme {
    const char *profile;
    sign_fn *sign;
    bool public_key;
    const char *body;
    const char *altered;
} schemes[] = {
    {"standard", sign_standard, false,
     "{\"type\":\"policy.renewed\",\"timestamp\":\"2026-11-20T14:00:00Z\",\"data\":{\"n\":1}}",
     "{\"type\":\"policy.renewed\",\"timestamp\":\"2026-11-20T14:00:00Z\",\"data\":{\"n\":2}}"},
    {"instaclaim", sign_instaclaim, false, "{\"organization_id\": 7 }", "{\"organization_id\":7}"},
    {"claimport", sign_claimport, false,
     "{\"id\":\"evt_1\",\"type\":\"claim.created\",\"timestamp\":\"2026-11-20T14:00:00Z\",\"data\":{\"claim\":{}}}",
     "{\"id\":\"evt_2\",\"type\":\"claim.created\",\"timestamp\":\"2026-11-20T14:00:00Z\",\"data\":{\"claim\":{}}}"},
    {"instnt", sign_instnt, true, NULL, NULL}, /* its timestamp stands in the body: made in the test */
    {"claimable", sign_standard, false,
     "{\"claim\":{\"id\":1},\"event_name\":\"claim.created\",\"source\":\"ui\",\"performed_by\":\"Ann\"}",
     "{\"claim\":{\"id\":2},\"event_name\":\"claim.created\",\"source\":\"ui\",\"performed_by\":\"Ann\"}"},
};

struct keys {
    struct ht_secret *secret[2];
    char public_key[2][1024];
    struct ht_verify_key key[2];
};

static void make_keys(const struct scheme *s, struct keys *ret)
{
    static const char *const texts[] = {KEY_TEXT, OTHER_TEXT};
    memset(ret, 0, sizeof(*ret));
    for (int i = 0; i < 2; i++) {
        struct ht_err err = {0};
        if (s->public_key) {
            run(ret->public_key[i], sizeof(ret->public_key[i]), "openssl rsa -in %s/key%d.pem -pubout 2>/dev/null", dir,
                i);
            ret->key[i].public_key = ret->public_key[i];
            continue;
        }
        assert_int_equal(ht_secret_new(texts[i], strlen(texts[i]), &ret->secret[i], &err), HT_OK);
        ret->key[i].secret = ret->secret[i];
    }
}

static void free_keys(struct keys *k)
{
    ht_secret_free(k->secret[0]);
    ht_secret_free(k->secret[1]);
}

static void instnt_body(const char *id, char *ret, size_t size)
{
    char at[32];
    time_t now = time(NULL);
    struct tm tm;
    strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    snprintf(
        ret, size,
        "{\"id\":\"%s\",\"timestamp\":\"%s\",\"event_type\":\"transaction.initiated\",\"event_name\":\"Transaction "
        "initiated\",\"event_data\":{}}",
        id, at);
}

/* The answer to `body`, sent under headers made for `signed_body` with key number `key`. */
static int post(const struct scheme *s, const char *body, const char *signed_body, int key)
{
    char headers[2048], text[2048];
    s->sign(signed_body, key, headers, sizeof(headers));
    int fd = raw_connect(ht_receiver_port(receiver));
    raw_post(fd, "/a", headers, body);
    int status = raw_answer(fd, text, sizeof(text));
    close(fd);
    return status;
}

static void last(void *user, const struct ht_recorded *rec)
{
    *(struct ht_recorded *)user = *rec;
}

static void expect(const struct scheme *s, int status, int wanted)
{
    struct ht_route_counts c;
    ht_receiver_counts(receiver, "/a", &c);
    if (status != wanted)
        fail_msg("%s: answered %d, expected %d (%s)", s->profile, status, wanted, c.last_why);
}

static void check_scheme(const struct scheme *s)
{
    char body[512], altered[512];
    struct keys k;
    struct ht_route_counts before, c;
    struct ht_recorded rec = {0};
    const struct ht_profile *p = ht_profile_find(s->profile);
    assert_non_null(p);
    make_keys(s, &k);
    snprintf(body, sizeof(body), "%s", s->body == NULL ? "" : s->body);
    snprintf(altered, sizeof(altered), "%s", s->altered == NULL ? "" : s->altered);
    if (s->body == NULL) {
        instnt_body("evt_1", body, sizeof(body));
        instnt_body("evt_2", altered, sizeof(altered));
    }
    ht_receiver_counts(receiver, "/a", &before);
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .profile = p, .keys = k.key, .keys_len = 1});
    expect(s, post(s, body, body, 0), 200);
    expect(s, post(s, body, body, 1), 400);
    expect(s, post(s, altered, body, 0), 400);
    ht_receiver_counts(receiver, "/a", &c);
    assert_int_equal(c.verified - before.verified, 1);
    assert_int_equal(c.refused - before.refused, 2);
    assert_true(c.last_why[0] != '\0');
    ht_receiver_each(receiver, last, &rec);
    assert_false(rec.verified);
    assert_int_equal(rec.status, 400);
    /* after a rotation it knows both */
    ht_receiver_route(receiver, &(struct ht_route){.path = "/a", .profile = p, .keys = k.key, .keys_len = 2});
    expect(s, post(s, body, body, 0), 200);
    ht_receiver_each(receiver, last, &rec);
    assert_int_equal(rec.key_index, 0);
    expect(s, post(s, body, body, 1), 200);
    ht_receiver_each(receiver, last, &rec);
    assert_int_equal(rec.key_index, 1);
    assert_true(rec.verified);
    free_keys(&k);
}

static void signatures_made_by_openssl_are_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(schemes); i++)
        check_scheme(&schemes[i]);
}

static void an_unsigned_test_event_is_a_ping(void **state)
{
    static const char body[] = "{\"event\":\"webhook.test\",\"tenant_id\":\"0199a1d2-0000-7000-8000-000000000001\","
                               "\"webhook_id\":\"0199a1d2-0000-7000-8000-000000000002\",\"webhook_status\":\"active\","
                               "\"sent_at\":\"2026-11-20T14:00:00Z\"}";
    char text[2048];
    struct keys k;
    struct ht_route_counts c;
    (void)state;
    make_keys(&schemes[1], &k);
    ht_receiver_route(
        receiver,
        &(struct ht_route){.path = "/p", .profile = ht_profile_find("instaclaim"), .keys = k.key, .keys_len = 1});
    int fd = raw_connect(ht_receiver_port(receiver));
    raw_post(fd, "/p", "User-Agent: instaClaim-Webhooks/1.0\r\nX-InstaClaim-Event: webhook.test\r\n", body);
    assert_int_equal(raw_answer(fd, text, sizeof(text)), 200);
    close(fd);
    ht_receiver_counts(receiver, "/p", &c);
    assert_int_equal(c.pings, 1);
    assert_int_equal(c.deliveries, 0);
    free_keys(&k);
}

static int start(void **state)
{
    char out[256];
    struct ht_err err = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    run(out, sizeof(out),
        "cd %s && openssl genrsa -out key0.pem 2048 2>/dev/null && openssl genrsa -out key1.pem 2048 2>/dev/null", dir);
    const struct ht_receiver_options o = {.record = true};
    assert_int_equal(ht_receiver_start(&o, &receiver, &err), HT_OK);
    return 0;
}

static int stop(void **state)
{
    char out[256];
    (void)state;
    ht_receiver_stop(receiver);
    run(out, sizeof(out), "rm -r %s", dir);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_made_by_openssl_are_judged),
        cmocka_unit_test(an_unsigned_test_event_is_a_ping),
    };
    ht_secret_init_process();
    return cmocka_run_group_tests(tests, start, stop);
}
