-- What makes a store of many endpoints and a long log (fill_log.sql) one that people work in: names, states, subscriptions; an
-- event for each delivery, attempts of the last days; and an outage.
CREATE OR REPLACE VIEW bench.well AS SELECT * FROM hooktop.endpoint WHERE status = 'active';

-- Of each hundred endpoints one is paused, of each two hundred one disabled; one in ten takes every type, one in ten all claims.
CREATE OR REPLACE FUNCTION bench.furnish() RETURNS void LANGUAGE sql AS $$
    WITH n AS (SELECT id, tenant_id, row_number() OVER (ORDER BY id) AS i FROM hooktop.endpoint)
    UPDATE hooktop.endpoint e SET description = format('hook %s', n.i), url = format('https://hooks-%s.example.com/v1/incoming?k=%s', n.i, n.i),
        status = CASE WHEN n.i % 100 = 7 THEN 'paused' WHEN n.i % 200 = 9 THEN 'disabled' ELSE 'active' END,
        status_reason = CASE WHEN n.i % 100 = 7 THEN 'paused by an operator' WHEN n.i % 200 = 9 THEN 'HTTP 410' END
    FROM n WHERE n.id = e.id AND n.tenant_id = e.tenant_id;
    INSERT INTO hooktop.subscription (id, tenant_id, endpoint_id, pattern)
    SELECT hooktop.uuid7(), tenant_id, id, CASE i % 10 WHEN 0 THEN '*' ELSE 'claim.*' END
    FROM (SELECT id, tenant_id, row_number() OVER (ORDER BY id) AS i FROM hooktop.endpoint) n WHERE i % 10 < 2;
    INSERT INTO hooktop.endpoint_health (endpoint_id, tenant_id, last_success_at) SELECT id, tenant_id, clock_timestamp() FROM bench.well
    ON CONFLICT DO NOTHING;
$$;

-- The events of a day, one for each delivery, of the same id. `attempts`: what was sent, too.
CREATE OR REPLACE FUNCTION bench.fill_events(days_ago int, attempts boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    day timestamptz := date_trunc('day', clock_timestamp(), 'UTC') - days_ago * interval '1 day';
    suffix text := to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD');
    kind text;
    fresh boolean;
BEGIN
    FOREACH kind IN ARRAY ARRAY['event', 'attempt'] LOOP
        fresh := to_regclass('hooktop.' || kind || '_' || suffix) IS NULL;
        IF fresh THEN
            EXECUTE format('CREATE TABLE hooktop.%I (LIKE hooktop.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', kind || '_' || suffix, kind);
        END IF;
        IF kind = 'event' THEN
            EXECUTE format($fill$
                INSERT INTO hooktop.%I (id, tenant_id, type, data, source, key, created_at)
                SELECT d.id, d.tenant_id, d.type, json_build_object('claim', json_build_object('id', 'claim-' || n, 'amount', n %% 9000)),
                       'api', format('order-%%s-%%s', $1, n), d.created_at
                FROM (SELECT *, row_number() OVER () AS n FROM hooktop.%I) d$fill$, 'event_' || suffix, 'delivery_' || suffix) USING days_ago;
        ELSIF attempts THEN
            EXECUTE format($fill$
                INSERT INTO hooktop.%I (delivery_id, tenant_id, n, at, lease_id, status, error, dns_us, connect_us, tls_us, first_byte_us,
                                        total_us, address, tls, request_headers, response_headers, response_body, response_bytes,
                                        secret_ids, worker)
                SELECT d.id, d.tenant_id, 1, d.last_attempt_at, d.id, d.last_status, d.last_error, 300, 900, 2100, 9000, 12000,
                       '192.0.2.7', 'TLSv1.3', 'content-type: application/json', 'content-length: 3', 'ok', 3, '1', 'mq:1'
                FROM hooktop.%I d$fill$, 'attempt_' || suffix, 'delivery_' || suffix);
        END IF;
        IF fresh THEN
            EXECUTE format('ALTER TABLE hooktop.%I ATTACH PARTITION hooktop.%I FOR VALUES FROM (%L) TO (%L)', kind, kind || '_' || suffix,
                           hooktop.uuid_at(day), hooktop.uuid_at(day + interval '1 day'));
        END IF;
    END LOOP;
END $$;

-- What `per` deliveries at each of so many endpoints have become that answer nothing since an hour ago: tried three times in
-- vain, to be tried again.
CREATE OR REPLACE FUNCTION bench.outage(endpoints int, per int) RETURNS void LANGUAGE sql AS $$
    WITH sick AS MATERIALIZED (
        SELECT id, tenant_id, row_number() OVER (ORDER BY id) AS i FROM bench.well ORDER BY md5(id::text) LIMIT endpoints
    ), h AS (
        UPDATE hooktop.endpoint_health y SET failing_since = clock_timestamp() - interval '1 h', consecutive_failures = per * 3,
            last_failure_at = clock_timestamp(), last_success_at = clock_timestamp() - interval '2 h'
        FROM sick s WHERE y.endpoint_id = s.id AND y.tenant_id = s.tenant_id
    ), r AS MATERIALIZED (
        SELECT (left(hooktop.uuid_at(at)::text, 14) || '7' || right(gen_random_uuid()::text, 21))::uuid AS id, s.id AS endpoint_id, s.tenant_id,
               s.i, at
        FROM sick s, generate_series(1, per) n, LATERAL (SELECT clock_timestamp() - n * interval '1 h' / per AS at) t
    ), v AS (
        INSERT INTO hooktop.event (id, tenant_id, type, data, created_at)
        SELECT id, tenant_id, 'claim.created', '{"claim":{}}', at FROM r
    ), d AS (
        INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, attempts, last_status, last_error, last_duration_ms,
                                      last_attempt_at, created_at)
        SELECT id, tenant_id, id, endpoint_id, 'claim.created', 'ready', 3, CASE WHEN i % 2 = 0 THEN 503 END,
               CASE WHEN i % 2 = 0 THEN 'http_5xx' ELSE 'timeout' END, 10000, clock_timestamp(), at
        FROM r
    )
    INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts)
    SELECT tenant_id, endpoint_id, id, id, clock_timestamp() + interval '1 h', 3 FROM r
$$;
