-- Puts deliveries into the database at once, as hooktop.emit leaves them: an event, a delivery and an outbox row each,
-- about 500 bytes of body. `which`: the description of the endpoints they are for, in turn.
CREATE SCHEMA IF NOT EXISTS bench;
CREATE OR REPLACE VIEW bench.well AS SELECT * FROM hooktop.endpoint WHERE description = 'well';
CREATE OR REPLACE FUNCTION bench.fill(which text, n int) RETURNS void LANGUAGE sql AS $$
    WITH p AS (
        SELECT array_agg(id ORDER BY id) AS ids, array_agg(tenant_id ORDER BY id) AS tenants, count(*)::int AS n
        FROM hooktop.endpoint WHERE description = which
    ), r AS MATERIALIZED (
        SELECT hooktop.uuid7() AS event_id, hooktop.uuid7() AS id, p.ids[i % p.n + 1] AS endpoint_id,
               p.tenants[i % p.n + 1] AS tenant_id, clock_timestamp() AS at
        FROM p, generate_series(1, fill.n) i
    ), e AS (
        INSERT INTO hooktop.event (id, tenant_id, type, data, created_at)
        SELECT event_id, tenant_id, 'claim.created', json_build_object('claim', json_build_object('id', 'c0ffee', 'note', repeat('x', 400))), at
        FROM r
    ), d AS (
        INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, created_at)
        SELECT id, tenant_id, event_id, endpoint_id, 'claim.created', 'ready', at FROM r
    )
    INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at)
    SELECT tenant_id, endpoint_id, id, event_id, at FROM r
$$;
