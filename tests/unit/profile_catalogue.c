/* The catalogues: which types there are, what their contracts demand, and that every sample meets its contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hooktop/base/json.h"
#include "profile_vectors.h"

static struct ht_json *parsed(const char *json)
{
    struct ht_json *root = NULL;
    struct ht_err err = {0};
    if (ht_json_parse(json, strlen(json), &root, &err) != HT_OK)
        fail_msg("%s: %s", err.why, json);
    return root;
}

static const struct ht_catalogue_type *find_type(const struct ht_profile *p, const char *name)
{
    for (size_t i = 0; i < p->types_len; i++)
        if (strcmp(p->types[i].name, name) == 0)
            return &p->types[i];
    return NULL;
}

static const char *member(const struct ht_json *object, const char *name)
{
    return ht_json_str(ht_json_get(object, name), "-");
}

static bool lists(const struct ht_json *array, const char *text)
{
    for (size_t i = 0; i < ht_json_count(array); i++)
        if (strcmp(ht_json_str(ht_json_at(array, i), ""), text) == 0)
            return true;
    return false;
}

static const char *values_of(const struct ht_json *schema)
{
    const struct ht_json *list = ht_json_get(schema, "enum"), *only = ht_json_get(schema, "const");
    const char *text = list ? "enum:" : only ? text_of("const:%s", ht_json_str(only, "?")) : "-";
    for (size_t i = 0; list && i < ht_json_count(list); i++)
        text = text_of("%s%s%s", text, i ? "," : "", ht_json_str(ht_json_at(list, i), "?"));
    return text;
}

/* The contract of a type as lines of the same form as instaclaim_facts.txt. */
static void add_facts(struct ht_buf *out, const struct ht_catalogue_type *t)
{
    struct ht_json *root = parsed(t->contract);
    const struct ht_json *members = ht_json_get(root, "properties"), *schema;
    const char *name;
    void *cursor = NULL;
    assert_string_equal(member(root, "type"), "object");
    while ((schema = ht_json_next(members, &cursor, &name)) != NULL)
        ht_buf_addf(out, "%s %s %s %s %s %s %s %s\n", t->name, ht_type_words[t->state].name, name,
                    lists(ht_json_get(root, "required"), name) ? "required" : "optional", member(schema, "type"),
                    member(schema, "format"), ht_json_bool(ht_json_get(schema, "nullable"), false) ? "nullable" : "-",
                    values_of(schema));
    ht_json_free(root);
}

static void instaclaims_contracts_are_the_vendors(void **state)
{
    (void)state;
    const struct ht_profile *p = ht_profile_find("instaclaim");
    struct ht_buf out;
    ht_buf_init(&out, 65536);
    for (size_t i = 0; i < p->types_len; i++)
        add_facts(&out, &p->types[i]);
    assert_string_equal(out.data, vector_file("instaclaim_facts.txt").data);
    ht_buf_fini(&out);
}

static void the_types_of_each_profile(void **state)
{
    (void)state;
    static const char *const names[][12] = {
        {"claimport", "claim.created", "claim.updated", "claim.assigned", "claim.status_changed", "claim.approved",
         "claim.denied", "claim.closed", "message.received", "message.sent", "order.synced"},
        {"instnt", "transaction.initiated", "transaction.submitted", "transaction.processed", "document.submitted",
         "document.verification.success", "document.verification.failure"},
        {"claimable", "claim.created", "claim.closed", "claim.reopened", "claim.label_added", "claim.label_removed",
         "claim.assigned", "claim.unassigned", "claim.switched_type", "contact.created"},
        {"standard"},
    };
    for (size_t i = 0; i < HT_COUNT(names); i++) {
        const struct ht_profile *p = ht_profile_find(names[i][0]);
        size_t n = 1;
        for (; n < HT_COUNT(names[i]) && names[i][n]; n++) {
            const struct ht_catalogue_type *t = find_type(p, names[i][n]);
            assert_non_null(t);
            assert_int_equal(t->state, HT_TYPE_EMITTED);
        }
        assert_int_equal(p->types_len, n); /* and webhook.test */
    }
    size_t emitted = 0, planned = 0;
    const struct ht_profile *p = ht_profile_find("instaclaim");
    for (size_t i = 0; i < p->types_len; i++) {
        emitted += p->types[i].state == HT_TYPE_EMITTED;
        planned += p->types[i].state == HT_TYPE_PLANNED;
    }
    assert_int_equal(emitted, 13);
    assert_int_equal(planned, 2);
    for (size_t i = 0; i < ht_profiles_len; i++) {
        assert_non_null(find_type(ht_profiles[i], "webhook.test"));
        assert_int_equal(find_type(ht_profiles[i], "webhook.test")->state, HT_TYPE_TEST);
    }
}

static bool digits_at(const char *text, const char *shape)
{
    size_t i = 0;
    for (; text[i] && shape[i]; i++)
        if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
            return false;
    return shape[i] == '\0';
}

static bool fits_format(const char *text, const char *format)
{
    struct ht_uuid u;
    if (strcmp(format, "uuid") == 0)
        return ht_uuid_parse(text, &u);
    if (strcmp(format, "date") == 0)
        return digits_at(text, "0000-00-00") && strlen(text) == 10;
    if (strcmp(format, "date-time") == 0)
        return digits_at(text, "0000-00-00T00:00:00") && text[strlen(text) - 1] == 'Z';
    if (strcmp(format, "email") == 0)
        return strchr(text, '@') != NULL;
    return strcmp(format, "-") == 0;
}

static bool fits(const struct ht_json *value, const struct ht_json *schema)
{
    const char *type = member(schema, "type"), *text = ht_json_str(value, NULL), *values = values_of(schema);
    if (ht_json_kind(value) == HT_JSON_NULL)
        return ht_json_bool(ht_json_get(schema, "nullable"), false);
    if (strcmp(type, "object") == 0)
        return ht_json_kind(value) == HT_JSON_OBJECT;
    if (strcmp(type, "string") != 0 || text == NULL || !fits_format(text, member(schema, "format")))
        return false;
    if (strncmp(values, "const:", 6) == 0)
        return strcmp(values + 6, text) == 0;
    return strcmp(values, "-") == 0 || lists(ht_json_get(schema, "enum"), text);
}

static void check_sample(const struct ht_catalogue_type *t)
{
    struct ht_json *contract = parsed(t->contract), *sample = parsed(t->sample);
    const struct ht_json *required = ht_json_get(contract, "required"), *limit = ht_json_get(contract, "maxProperties");
    const struct ht_json *members = ht_json_get(contract, "properties"), *value;
    const char *name;
    void *cursor = NULL;
    assert_int_equal(ht_json_kind(sample), HT_JSON_OBJECT);
    for (size_t i = 0; required && i < ht_json_count(required); i++)
        if (!ht_json_get(sample, ht_json_str(ht_json_at(required, i), "")))
            fail_msg("%s: the sample lacks %s", t->name, ht_json_str(ht_json_at(required, i), ""));
    assert_true(limit == NULL || (int64_t)ht_json_count(sample) <= ht_json_int(limit, 0));
    while (members && (value = ht_json_next(sample, &cursor, &name)) != NULL)
        if (!ht_json_get(members, name) || !fits(value, ht_json_get(members, name)))
            fail_msg("%s: the sample's %s does not fit the contract", t->name, name);
    ht_json_free(contract);
    ht_json_free(sample);
}

static void every_sample_meets_its_contract(void **state)
{
    (void)state;
    for (size_t i = 0; i < ht_profiles_len; i++) {
        const struct ht_profile *p = ht_profiles[i];
        for (size_t k = 0; k < p->types_len; k++) {
            const struct ht_catalogue_type *t = &p->types[k];
            assert_non_null(t->description);
            assert_non_null(t->sample);
            assert_true(t->contract != NULL || t->state == HT_TYPE_TEST);
            if (t->contract)
                check_sample(t);
            if (t->state != HT_TYPE_TEST)
                assert_int_equal(p->check_data(t->sample, strlen(t->sample), NULL), HT_OK);
        }
    }
}

/* The sample of a test type is what a ping sends: the same members in the same order. */
static void test_samples_look_like_pings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ht_profiles_len; i++) {
        const struct ht_profile *p = ht_profiles[i];
        struct ht_json *sample = parsed(find_type(p, "webhook.test")->sample);
        struct ht_json *ping = parsed(vector_file(text_of("%s.ping", p->name)).data);
        void *a = NULL, *b = NULL;
        const char *name, *wanted;
        while (ht_json_next(sample, &a, &name) != NULL) {
            assert_non_null(ht_json_next(ping, &b, &wanted));
            assert_string_equal(name, wanted);
        }
        assert_null(ht_json_next(ping, &b, &wanted));
        ht_json_free(sample);
        ht_json_free(ping);
    }
}

static void wire_contracts_demand_the_noun(void **state)
{
    (void)state;
    static const char *const strict[] = {"claimport", "claimable"};
    for (size_t s = 0; s < HT_COUNT(strict); s++) {
        const struct ht_profile *p = ht_profile_find(strict[s]);
        for (size_t i = 0; i < p->types_len; i++) {
            if (p->types[i].state == HT_TYPE_TEST)
                continue;
            const char *noun = text_of("%.*s", (int)strcspn(p->types[i].name, "."), p->types[i].name);
            struct ht_json *contract = parsed(p->types[i].contract);
            assert_true(lists(ht_json_get(contract, "required"), noun));
            assert_int_equal(ht_json_int(ht_json_get(contract, "maxProperties"), 0), 1);
            ht_json_free(contract);
        }
    }
}

static void all_catalogues_become_rows(void **state)
{
    (void)state;
    struct ht_event_types rows = {0};
    size_t wanted = 0, row = 0;
    ht_profile_catalogue(&rows);
    for (size_t i = 0; i < ht_profiles_len; i++) {
        wanted += ht_profiles[i]->types_len;
        for (size_t k = 0; k < ht_profiles[i]->types_len; k++, row++) {
            assert_string_equal(rows.rows[row].profile, ht_profiles[i]->name);
            assert_string_equal(rows.rows[row].name, ht_profiles[i]->types[k].name);
            assert_int_equal(rows.rows[row].state, ht_profiles[i]->types[k].state);
            assert_int_equal(rows.rows[row].contract != NULL, ht_profiles[i]->types[k].contract != NULL);
        }
    }
    assert_int_equal(rows.n, wanted);
    ht_event_types_fini(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instaclaims_contracts_are_the_vendors), cmocka_unit_test(the_types_of_each_profile),
        cmocka_unit_test(every_sample_meets_its_contract),       cmocka_unit_test(test_samples_look_like_pings),
        cmocka_unit_test(wire_contracts_demand_the_noun),        cmocka_unit_test(all_catalogues_become_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
