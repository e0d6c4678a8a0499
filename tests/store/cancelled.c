/* What an operator cancels while a worker has it: it ends when that one settles, or when its row is free again. */
#include "store_world.h"

/* Emits one, which a worker has when it is cancelled. */
static struct ht_uuid cancelled_while_leased(const struct store_world *w)
{
    struct ht_uuid event = store_emit(w->c, &w->tenant, "a.b", "{}");
    struct ht_delivery d = store_delivery_of(w->c, &event);
    ht_test_sql(w->dsn, "UPDATE hooktop.tenant_webhook_outbox SET lease_until = clock_timestamp() + interval '1 h'");
    STORE_OK(ht_store_delivery_cancel(w->c, &d, "stop it", &err));
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_LEASED);
    ht_delivery_fini(&d);
    return event;
}

/* The worker that had it died, or gave it back: it is not sent again, and not held either. */
static void what_was_leased_when_it_was_cancelled_is_not_sent_again(void **state)
{
    const struct store_world *w = *state;
    static const char free_again[] = "UPDATE hooktop.tenant_webhook_outbox SET lease_until = NULL, lease_id = NULL";
    struct ht_uuid sent = cancelled_while_leased(w), other = store_emit(w->c, &w->tenant, "a.b", "{}");
    ht_test_sql(w->dsn, free_again);
    store_settle_all(w->dsn, "succeeded", 200, "");
    assert_int_equal(store_status_of(w, &sent), HT_DELIVERY_CANCELLED);
    assert_int_equal(store_status_of(w, &other), HT_DELIVERY_SUCCEEDED);
    int64_t moved = -1;
    struct ht_uuid held = cancelled_while_leased(w);
    ht_test_sql(w->dsn, free_again);
    STORE_OK(ht_store_endpoint_state(w->c, &w->e, HT_ENDPOINT_PAUSED, HT_HELD_CANCEL, 0, "because", &moved, &err));
    assert_int_equal(store_status_of(w, &held), HT_DELIVERY_CANCELLED);
    assert_int_equal(store_rows(w, "held") + store_rows(w, "tenant_webhook_outbox"), 0);
    assert_int_equal(store_rows(w, "attempt"), 1);
}

/* What is being sent now cannot be taken back; the wish is kept and comes true unless the attempt succeeds. */
static void what_is_leased_is_cancelled_when_it_settles(void **state)
{
    const struct store_world *w = *state;
    struct ht_uuid event = cancelled_while_leased(w);
    struct ht_delivery d = store_delivery_of(w->c, &event);
    /* as if it had been wished after the claim of those who settle it */
    ht_test_sql(w->dsn, "CREATE FUNCTION wish() RETURNS trigger LANGUAGE plpgsql AS"
                        " $$ BEGIN NEW.wish := 'cancel'; RETURN NEW; END $$;"
                        "UPDATE hooktop.tenant_webhook_outbox SET lease_until = NULL, wish = NULL;"
                        "CREATE TRIGGER wish BEFORE UPDATE ON hooktop.tenant_webhook_outbox FOR EACH ROW"
                        " WHEN (NEW.lease_id IS NOT NULL) EXECUTE FUNCTION wish()");
    store_settle_all(w->dsn, "ready", 500, "http_5xx");
    assert_int_equal(store_status_of(w, &event), HT_DELIVERY_CANCELLED);
    assert_int_equal(store_rows(w, "tenant_webhook_outbox"), 0);
    STORE_REFUSED(HT_FAILED, ht_store_delivery_cancel(w->c, &d, NULL, &err), "cancelled: nothing of it waits", NULL);
    ht_delivery_fini(&d);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_leased_is_cancelled_when_it_settles),
        TEST(what_was_leased_when_it_was_cancelled_is_not_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
