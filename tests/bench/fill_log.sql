-- A day of the log, as many days ago: of each thousand deliveries one is exhausted, one quarantined, one cancelled, one held
-- and one ready; one in 5,000 is of a type of its own, and of one type there are none. A day that is not there yet is filled before it is attached, which
-- then builds its indexes at once; its triggers have not run, so what they would have listed is listed here.
INSERT INTO hooktop.event_type (profile, name, state) VALUES ('standard', 'claim.rare', 'emitted'), ('standard', 'claim.none', 'emitted'),
    ('standard', 'claim.updated_1', 'emitted'), ('standard', 'claim.updated_2', 'emitted') ON CONFLICT DO NOTHING;
CREATE OR REPLACE FUNCTION bench.fill_log(days_ago int, n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day timestamptz := date_trunc('day', clock_timestamp(), 'UTC') - days_ago * interval '1 day';
    name text := 'delivery_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD');
    fresh boolean := to_regclass('hooktop.' || name) IS NULL;
    -- today's are in the past
    per interval := (least(day + interval '1 day', clock_timestamp()) - day) / n;
BEGIN
    IF fresh THEN
        EXECUTE format('CREATE TABLE hooktop.%I (LIKE hooktop.delivery INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (fillfactor = 45)', name);
    END IF;
    EXECUTE format($fill$
    WITH p AS MATERIALIZED (
        SELECT array_agg(w.id ORDER BY w.id) AS ids, array_agg(w.tenant_id ORDER BY w.id) AS tenants, count(*)::int AS n FROM bench.well w
    ), r AS MATERIALIZED (
        SELECT (left(hooktop.uuid_at($1 + i * $2)::text, 14) || '7' || right(gen_random_uuid()::text, 21))::uuid AS id,
               p.ids[i %% p.n + 1] AS endpoint_id, p.tenants[i %% p.n + 1] AS tenant_id, $1 + i * $2 AS at, i,
               coalesce((ARRAY['exhausted', 'quarantined', 'cancelled', 'held', 'ready'])[i / 7 %% 1000 + 1], 'succeeded') AS status,
               (ARRAY['http_5xx', 'timeout', 'http_4xx', 'refused'])[i %% 4 + 1] AS error
        FROM p, generate_series(0, $3 - 1) i
    ), d AS (
        INSERT INTO hooktop.%I (id, tenant_id, event_id, endpoint_id, type, status, attempts, last_status, last_error, last_duration_ms, last_attempt_at,
                                created_at)
        SELECT id, tenant_id, id, endpoint_id,
               CASE WHEN i %% 5000 = 4999 THEN 'claim.rare' WHEN i %% 3 = 0 THEN 'claim.created' ELSE 'claim.updated_' || i %% 3 END,
               status, 1, CASE WHEN status = 'succeeded' THEN 200 WHEN error = 'http_5xx' THEN 503 WHEN error = 'http_4xx' THEN 404 END,
               CASE WHEN status = 'succeeded' THEN '' ELSE error END, 12, at + interval '1 s', at
        FROM r
    ), x AS (
        INSERT INTO hooktop.ended (delivery_id, tenant_id, endpoint_id, status)
        SELECT id, tenant_id, endpoint_id, status FROM r WHERE $4 AND status IN ('exhausted', 'quarantined', 'cancelled')
    ), h AS (
        INSERT INTO hooktop.held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)
        SELECT tenant_id, endpoint_id, id, id, at, 1, 1 FROM r WHERE status = 'held'
    )
    INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts)
    SELECT tenant_id, endpoint_id, id, id, clock_timestamp() + interval '1 day', 1 FROM r WHERE status = 'ready'
    $fill$, name) USING day, per, n, fresh;
    IF fresh THEN
        EXECUTE format('ALTER TABLE hooktop.delivery ATTACH PARTITION hooktop.%I FOR VALUES FROM (%L) TO (%L)', name,
                       hooktop.uuid_at(day), hooktop.uuid_at(day + interval '1 day'));
    END IF;
END $$;
