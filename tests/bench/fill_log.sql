-- A day of the log, as many days ago: of each thousand deliveries one is exhausted, one quarantined, one cancelled, one held
-- and one ready; one in 5,000 is of a type of its own.
INSERT INTO hooktop.event_type (profile, name, state) VALUES ('standard', 'claim.rare', 'emitted') ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION bench.fill_log(days_ago int, n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day timestamptz := date_trunc('day', clock_timestamp(), 'UTC') - days_ago * interval '1 day';
    name text := 'delivery_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD');
    -- today's are in the past
    per interval := (least(day + interval '1 day', clock_timestamp()) - day) / n;
BEGIN
    IF to_regclass('hooktop.' || name) IS NULL THEN
        EXECUTE format('CREATE TABLE hooktop.%I (LIKE hooktop.delivery INCLUDING ALL) WITH (fillfactor = 45)', name);
        EXECUTE format('ALTER TABLE hooktop.delivery ATTACH PARTITION hooktop.%I FOR VALUES FROM (%L) TO (%L)', name,
                       hooktop.uuid_at(day), hooktop.uuid_at(day + interval '1 day'));
    END IF;
    WITH p AS MATERIALIZED (
        SELECT array_agg(w.id ORDER BY w.id) AS ids, array_agg(w.tenant_id ORDER BY w.id) AS tenants, count(*)::int AS n FROM bench.well w
    ), r AS MATERIALIZED (
        SELECT (left(hooktop.uuid_at(day + i * per)::text, 14) || '7' || right(gen_random_uuid()::text, 21))::uuid AS id,
               p.ids[i % p.n + 1] AS endpoint_id, p.tenants[i % p.n + 1] AS tenant_id, day + i * per AS at, i
        FROM p, generate_series(0, fill_log.n - 1) i
    ), d AS (
        INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, attempts, last_status, last_duration_ms, created_at)
        SELECT id, tenant_id, id, endpoint_id,
               CASE WHEN i % 5000 = 4999 THEN 'claim.rare' WHEN i % 3 = 0 THEN 'claim.created' ELSE 'claim.updated_' || i % 3 END,
               coalesce((ARRAY['exhausted', 'quarantined', 'cancelled', 'held', 'ready'])[i / 7 % 1000 + 1], 'succeeded'), 1, 200, 12, at
        FROM r
    ), h AS (
        INSERT INTO hooktop.held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)
        SELECT tenant_id, endpoint_id, id, id, at, 1, 1 FROM r WHERE i / 7 % 1000 = 3
    )
    INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts)
    SELECT tenant_id, endpoint_id, id, id, clock_timestamp() + interval '1 day', 1 FROM r WHERE i / 7 % 1000 = 4;
END $$;
