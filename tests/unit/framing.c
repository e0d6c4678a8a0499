/* Where an answer's body is and where it ends, and whether the connection may carry another: each answer at once and
 * cut in two at every byte. What is expected was written down from RFC 9112, sections 2 to 7 and 9.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../src/delivery/framing.h"

#define OK       "HTTP/1.1 200 OK\r\n"
#define LENGTH_2 "Content-Length: 2\r\n"
#define CHUNKED  "Transfer-Encoding: chunked\r\n"

enum { MORE = HT_FRAMING_MORE, END = HT_FRAMING_END, NOT_HTTP = HT_FRAMING_NOT_HTTP };

static const struct {
    const char *bytes;
    int result;
    int status;
    const char *body;
    bool keep;
    bool head;
    bool closed; /* an end of the connection would be its end */
} table[] = {
    {OK LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {"HTTP/1.1 200\r\n" LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", END, 200, "ok", true, false, false},
    {OK "content-length:\t 2 \t\r\n\r\nok", END, 200, "ok", true, false, false},
    {OK "Content-Length: 0\r\n\r\n", END, 200, "", true, false, false},
    {OK LENGTH_2 "\r\no", MORE, 200, "o", true, false, false},
    {OK LENGTH_2 "\r\nokHTTP/1.1 200 OK\r\n\r\n", END, 200, "ok", false, false, false},
    {OK LENGTH_2 "Connection: close\r\n\r\nok", END, 200, "ok", false, false, false},
    {OK LENGTH_2 "Connection: keep-alive , CLOSE\r\n\r\nok", END, 200, "ok", false, false, false},
    {OK LENGTH_2 "Connection: closed\r\n\r\nok", END, 200, "ok", true, false, false},
    {"HTTP/1.0 200 OK\r\n" LENGTH_2 "\r\nok", END, 200, "ok", false, false, false},
    {OK LENGTH_2 LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {OK LENGTH_2 "Content-Length: 3\r\n\r\nok", END, 200, "ok", false, false, false},
    {OK "Content-Length: 2, 2\r\n\r\nok", END, 200, "ok", true, false, false},
    {OK "Content-Length: 2,2 ,\t2\r\n\r\nok", END, 200, "ok", true, false, false},
    {OK "Content-Length: 002\r\n\r\nok", END, 200, "ok", true, false, false},
    {OK LENGTH_2 "Content-Length: x\r\n\r\nok", END, 200, "ok", false, false, false},
    {OK "Content-Length: x\r\n" LENGTH_2 "\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: x\r\n" CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n", END, 200, "ok", false, false, false},
    {OK "Content-Length: 2, 3\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: 2,\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: ,2\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: -2\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: +2\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: 0x2\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length:\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length: 99999999999999999999\r\n\r\nok", END, 200, "", false, false, false},
    {OK "Content-Length : 2\r\n\r\nok", MORE, 200, "ok", false, false, true},
    {OK "\r\nto the end", MORE, 200, "to the end", false, false, true},
    {OK "X: 1\r\n Content-Length: 9\r\n" LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {"HTTP/1.1 204 No\r\n" LENGTH_2 "\r\n", END, 204, "", true, false, false},
    {"HTTP/1.1 304 No\r\n" LENGTH_2 "\r\n", END, 304, "", true, false, false},
    {"HTTP/1.1 404 No\r\n" LENGTH_2 "\r\n", END, 404, "", true, true, false},
    {"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" OK LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {"HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\n" OK LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {OK CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n", END, 200, "ok", true, false, false},
    {OK CHUNKED "\r\n2;a=\"b\"\r\nok\r\n1 \r\n!\r\n00\r\nX-Sum: 1\r\n\r\n", END, 200, "ok!", true, false, false},
    {OK CHUNKED "\r\nA\n0123456789\n0\n\n", END, 200, "0123456789", true, false, false},
    {OK CHUNKED "\r\n2\r\nok", MORE, 200, "ok", true, false, false},
    {OK CHUNKED "\r\n2\r\nok?\r\n0\r\n\r\n", NOT_HTTP, 200, NULL, false, false, false},
    {OK CHUNKED "\r\n\r\nok", NOT_HTTP, 200, NULL, false, false, false},
    {OK CHUNKED "\r\n-2\r\nok", NOT_HTTP, 200, NULL, false, false, false},
    {OK CHUNKED "\r\n2x\r\nok", NOT_HTTP, 200, NULL, false, false, false},
    {OK CHUNKED "\r\nfffffffffffffffff\r\nok", NOT_HTTP, 200, NULL, false, false, false},
    {OK CHUNKED LENGTH_2 "\r\n2\r\nok\r\n0\r\n\r\n", END, 200, "ok", false, false, false},
    {OK LENGTH_2 CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n", END, 200, "ok", false, false, false},
    {OK CHUNKED CHUNKED "\r\n2\r\nok\r\n0\r\n\r\n", NOT_HTTP, 200, NULL, false, false, false},
    {OK "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n", NOT_HTTP, 200, NULL, false, false, false},
    {OK "Transfer-Encoding: identity\r\n" LENGTH_2 "\r\nok", NOT_HTTP, 200, NULL, false, false, false},
    {OK "no colon\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {OK ": no name\r\n" LENGTH_2 "\r\nok", END, 200, "ok", true, false, false},
    {"HTTP/1.1 2000 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"HTTP/1.1 099 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"HTTP/1.1  200 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"HTTP/1.10 200 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"HTTP/2 200 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"HTTP/1.1 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"\r\n" OK "\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"http/1.1 200 OK\r\n\r\n", NOT_HTTP, 0, NULL, false, false, false},
    {"220 smtp.example.com", NOT_HTTP, 0, NULL, false, false, false},
    {"HTTP/1", MORE, 0, NULL, false, false, false},
};

/* Feeds it in two pieces, the second only while the first has not come to an end. */
static void check(size_t i, size_t cut)
{
    struct ht_framing f;
    struct ht_response r;
    size_t len = strlen(table[i].bytes);
    ht_framing_init(&f);
    ht_response_init(&r);
    ht_framing_clear(&f, table[i].head);
    enum ht_framing_result got = ht_framing_feed(&f, &r, table[i].bytes, cut);
    bool whole = got == HT_FRAMING_MORE;
    if (whole) {
        got = ht_framing_feed(&f, &r, table[i].bytes + cut, len - cut);
    }
    bool wrong = (int)got != table[i].result || (table[i].status != 0 && r.status != table[i].status) ||
                 (table[i].body && strcmp(r.body.data, table[i].body) != 0) ||
                 (got == HT_FRAMING_END && whole && f.keep != table[i].keep) ||
                 ht_framing_closed(&f) != table[i].closed || f.keep;
    if (wrong) {
        fail_msg("row %zu cut at %zu: result %d status %d body '%s'", i, cut, (int)got, r.status, r.body.data);
    }
    ht_framing_fini(&f);
    ht_response_fini(&r);
}

static void test_every_answer_cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < HT_COUNT(table); i++) {
        for (size_t cut = 0; cut <= strlen(table[i].bytes); cut++) {
            check(i, cut);
        }
    }
}

/* A NUL cannot stand in the table. */
static void test_a_nul_in_a_header_line(void **state)
{
    static const char bytes[] = OK "X: \0\r\n\r\n";
    struct ht_framing f;
    struct ht_response r;
    (void)state;
    ht_framing_init(&f);
    ht_response_init(&r);
    ht_framing_clear(&f, false);
    assert_int_equal(ht_framing_feed(&f, &r, bytes, sizeof bytes - 1), HT_FRAMING_NOT_HTTP);
    ht_framing_fini(&f);
    ht_response_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_answer_cut_anywhere),
        cmocka_unit_test(test_a_nul_in_a_header_line),
    };
    return cmocka_run_group_tests_name("framing", tests, NULL, NULL);
}
