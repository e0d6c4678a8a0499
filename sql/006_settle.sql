-- The worker's side, second half: what became of the attempts.
SET ROLE hooktop_owner;

-- How long an endpoint may have nothing but failures.
CREATE FUNCTION hooktop.failing_most() RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$ SELECT interval '5 days' $$;

-- Switches an endpoint off: reason on the endpoint, its waiting rows held, an audit entry, an alert and its event. `rule` is
-- gone (410), failures (of one delivery, as the profile has it) or nothing_but_failures; only the first binds one that has leave
-- to fail. Not now, when somebody holds what this needs for long: a result must not wait for it, and the next failure comes
-- here again.
CREATE FUNCTION hooktop.disable_endpoint(tenant uuid, endpoint uuid, rule text, why text, delivery uuid) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp SET lock_timeout = '250ms' AS $$
DECLARE
    e endpoint;
    held bigint;
BEGIN
    UPDATE endpoint x SET status = 'disabled', status_reason = why, status_at = clock_timestamp(), version = version + 1
    WHERE x.id = endpoint AND x.tenant_id = tenant AND x.status = 'active'
      AND (rule = 'gone' OR (NOT x.never_disable AND (x.snoozed_until IS NULL OR x.snoozed_until <= clock_timestamp())))
    RETURNING * INTO e;
    IF e.id IS NOT NULL THEN
        held := hold_rows(tenant, e.id, why);
        PERFORM audit_add(tenant, 'endpoint.disabled', e.id::text, why, json_build_object(
            'before', 'active', 'after', 'disabled', 'rule', rule, 'delivery', delivery, 'held', held));
        PERFORM raise_disabled(e, rule, delivery, held);
    END IF;
EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    NULL;
END $$;

-- The deliveries' rows of a settlement: those of `done`, or the whole of it. Found by their ids in one go and put together with
-- what is to be written by a hash, which costs less than looking into the partitions for one after another.
CREATE FUNCTION hooktop.settle_deliveries(tenants uuid[], deliveries uuid[], statuses text[], reasons text[], ns int[], ats timestamptz[],
                                          http int[], errors text[], total int[], whole boolean, done int[])
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_nestloop = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = on
    SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    first uuid; -- what lies between the two shows which partitions to look into
    last uuid;
BEGIN
    SELECT (array_agg(x ORDER BY x))[1], (array_agg(x ORDER BY x DESC))[1] INTO first, last FROM unnest(deliveries) x;
    UPDATE delivery d
    SET status = s.status, reason = s.reason, attempts = s.n, last_status = nullif(s.http, 0), last_error = s.error,
        last_duration_ms = s.total / 1000, last_attempt_at = s.at
    FROM (SELECT unnest(tenants) AS tenant, unnest(deliveries) AS delivery, unnest(statuses) AS status, unnest(reasons) AS reason,
                 unnest(ns) AS n, unnest(settle_deliveries.http) AS http, unnest(errors) AS error,
                 unnest(settle_deliveries.total) AS total, unnest(ats) AS at, generate_subscripts(deliveries, 1) AS i) s
    WHERE d.id = ANY (deliveries) AND d.id BETWEEN first AND last AND s.delivery = d.id AND (whole OR s.i = ANY (done))
      AND d.tenant_id IS NOT DISTINCT FROM s.tenant; -- by no index: one that begins with the tenant is none to find an id by
END $$;

-- Settles a batch. Fenced: a row counts only while its lease is the one named; what is no longer ours is returned, and nothing
-- was changed for it. Repeatable: what was settled before under the same lease (the reply of that COMMIT was lost) counts as
-- settled and is not changed again.
CREATE FUNCTION hooktop.settle(worker uuid, tenants uuid[], endpoints uuid[], deliveries uuid[], leases uuid[], statuses text[],
        retry_ms bigint[], reasons text[], disables boolean[], ns int[], ats timestamptz[], http int[], errors text[], details text[],
        dns int[], connect int[], tls int[], first_byte int[], total int[], addresses text[], agreed text[], request_headers text[],
        response_headers bytea[], response_bodies bytea[], response_bytes bigint[], secret_ids text[], notify boolean)
    RETURNS SETOF uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_material = off SET jit = off SET plan_cache_mode = force_generic_plan SET lock_timeout = '2s' AS $$
#variable_conflict use_column
DECLARE
    now_at timestamptz := clock_timestamp();
    worker_name text := (SELECT w.name FROM worker w WHERE w.id = settle.worker);
    done int[];
    more int[];
    finals text[];
    shut uuid[];
    shut_why text[];
    whole boolean;
    sick record;
    rule breaker_rule;
    sad_tenants uuid[];
    sad uuid[];
BEGIN
    -- What is at an end leaves the outbox.
    WITH gone AS (
        DELETE FROM tenant_webhook_outbox o
        USING unnest(tenants, deliveries, leases, statuses) WITH ORDINALITY AS s (tenant, delivery, lease, wanted, i)
        WHERE o.delivery_id = s.delivery AND o.tenant_id = s.tenant AND o.lease_id = s.lease
          AND s.wanted IN ('succeeded', 'exhausted', 'quarantined')
        RETURNING s.i::int
    ) SELECT array_agg(i) INTO done FROM gone;

    -- What is to be tried again stays there, unless an operator wants it otherwise or its endpoint is not active. Only under a
    -- lock on the endpoint may a row be put aside; where somebody else has that lock it stays, for waiting() to see to.
    IF 'ready' = ANY (statuses) THEN
        SELECT array_agg(x.id), array_agg(x.why) INTO shut, shut_why
        FROM (SELECT p.id, coalesce(p.status_reason, 'endpoint is ' || p.status) AS why FROM endpoint p
              WHERE p.status <> 'active'
                AND p.id IN (SELECT s.endpoint FROM unnest(endpoints, statuses) s (endpoint, wanted) WHERE s.wanted = 'ready')
              FOR SHARE SKIP LOCKED) x;
        WITH m AS MATERIALIZED (
            SELECT s.*, now_at + s.wait_ms * interval '1 ms' AS again_at, o.event_id, o.body_version, p.in_flight_max = 1 AS in_order,
                   CASE WHEN o.wish = 'cancel' THEN 'cancelled' WHEN s.endpoint = ANY (shut) THEN 'held' ELSE 'ready' END AS final
            FROM unnest(tenants, endpoints, deliveries, leases, statuses, retry_ms, ns) WITH ORDINALITY
                 AS s (tenant, endpoint, delivery, lease, wanted, wait_ms, n, i)
            JOIN tenant_webhook_outbox o ON o.delivery_id = s.delivery AND o.tenant_id = s.tenant AND o.lease_id = s.lease
            JOIN endpoint p ON p.id = s.endpoint AND p.tenant_id = s.tenant
            WHERE s.wanted = 'ready'
            FOR UPDATE OF o
        ), gone AS (
            DELETE FROM tenant_webhook_outbox o USING m
            WHERE o.delivery_id = m.delivery AND o.tenant_id = m.tenant AND m.final <> 'ready'
        ), kept AS (
            INSERT INTO held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)
            SELECT m.tenant, m.endpoint, m.delivery, m.event_id, m.again_at, m.n, m.body_version FROM m WHERE m.final = 'held'
            ON CONFLICT DO NOTHING
        ), again AS (
            -- where order is strict the row keeps its place
            UPDATE tenant_webhook_outbox o
            SET due_at = CASE WHEN m.in_order THEN o.due_at ELSE m.again_at END, not_before = CASE WHEN m.in_order THEN m.again_at END,
                attempts = m.n, claims = 0, lease_id = NULL, lease_until = NULL, worker_id = NULL
            FROM m WHERE o.delivery_id = m.delivery AND o.tenant_id = m.tenant AND m.final = 'ready'
        )
        SELECT array_agg(m.i::int ORDER BY m.i), array_agg(m.final ORDER BY m.i) INTO more, finals FROM m;
        FOR k IN 1..coalesce(cardinality(more), 0) LOOP
            IF finals[k] <> 'ready' THEN
                statuses[more[k]] := finals[k];
                reasons[more[k]] := CASE finals[k] WHEN 'held' THEN shut_why[array_position(shut, endpoints[more[k]])]
                                                   ELSE cancelled_meanwhile() END;
            END IF;
        END LOOP;
        done := done || more;
    END IF;
    whole := coalesce(cardinality(done), 0) = cardinality(deliveries);

    -- Arrays unnested side by side in a select list take turns; unnest(a, b) would first write each into a table of its own.
    INSERT INTO attempt (delivery_id, tenant_id, n, at, lease_id, status, error, error_detail, dns_us, connect_us, tls_us, first_byte_us,
                         total_us, address, tls, request_headers, response_headers, response_body, response_bytes, secret_ids, worker)
    SELECT s.delivery, s.tenant, s.n, s.at, s.lease, nullif(s.http, 0), s.error, s.detail, s.dns, s.connect, s.tls, s.first_byte,
           s.total, s.address, s.agreed, s.request_headers, s.response_headers, s.response_body, s.response_bytes, s.secret_ids, worker_name
    FROM (SELECT unnest(tenants) AS tenant, unnest(deliveries) AS delivery, unnest(leases) AS lease, unnest(ns) AS n, unnest(ats) AS at,
                 unnest(settle.http) AS http, unnest(errors) AS error, unnest(details) AS detail, unnest(settle.dns) AS dns,
                 unnest(settle.connect) AS connect, unnest(settle.tls) AS tls, unnest(settle.first_byte) AS first_byte,
                 unnest(settle.total) AS total, unnest(addresses) AS address, unnest(settle.agreed) AS agreed,
                 unnest(settle.request_headers) AS request_headers, unnest(settle.response_headers) AS response_headers,
                 unnest(response_bodies) AS response_body, unnest(settle.response_bytes) AS response_bytes,
                 unnest(settle.secret_ids) AS secret_ids, generate_subscripts(deliveries, 1) AS i) s
    WHERE whole OR s.i = ANY (done);

    PERFORM settle_deliveries(tenants, deliveries, statuses, reasons, ns, ats, settle.http, errors, settle.total, whole, done);

    -- At most one write per endpoint and batch, and for one that is well at most one a second. The breaker opens when nothing
    -- but answers of a sick receiver came, so often in a row, or its probe failed; any other answer closes it. What was still
    -- on its way when it opened changes nothing.
    SELECT * INTO rule FROM breaker_rule;
    INSERT INTO endpoint_health AS h (endpoint_id, tenant_id, last_success_at, last_failure_at, failing_since, consecutive_failures,
                                      sick, trips, open_until)
    SELECT x.endpoint, x.tenant, CASE WHEN x.good > 0 THEN now_at END, CASE WHEN x.bad > 0 THEN now_at END,
           CASE WHEN x.good = 0 THEN now_at END, CASE WHEN x.good = 0 THEN x.bad ELSE 0 END, x.sick,
           CASE WHEN x.sick >= rule.failures THEN 1 ELSE 0 END, CASE WHEN x.sick >= rule.failures THEN now_at + rule.first_wait END
    FROM (SELECT s.endpoint, s.tenant, count(*) FILTER (WHERE s.status = 'succeeded') AS good,
                 count(*) FILTER (WHERE s.status <> 'succeeded' AND s.error NOT IN ('', 'sealed', 'internal')) AS bad,
                 CASE WHEN bool_and(s.error IN ('dns', 'refused', 'unreachable', 'timeout_connect', 'timeout', 'tls', 'reset', 'empty',
                                                'not_http', 'headers_incomplete', 'headers_too_large', 'http_5xx'))
                                    FILTER (WHERE s.error NOT IN ('sealed', 'internal'))
                      THEN count(*) FILTER (WHERE s.error NOT IN ('sealed', 'internal')) ELSE 0 END AS sick
          FROM unnest(tenants, endpoints, statuses, errors) WITH ORDINALITY AS s (tenant, endpoint, status, error, i)
          WHERE whole OR s.i = ANY (done) GROUP BY s.endpoint, s.tenant) x
    LEFT JOIN LATERAL (SELECT y.last_success_at, y.consecutive_failures FROM endpoint_health y
                       WHERE y.endpoint_id = x.endpoint AND y.tenant_id = x.tenant OFFSET 0) o ON true
    WHERE x.bad > 0 OR (x.good > 0 AND (o.last_success_at IS NULL OR o.last_success_at < now_at - interval '1 s'
                                        OR o.consecutive_failures > 0))
    ORDER BY x.endpoint
    ON CONFLICT (endpoint_id, tenant_id) DO UPDATE
    SET last_success_at = coalesce(excluded.last_success_at, h.last_success_at),
        last_failure_at = coalesce(excluded.last_failure_at, h.last_failure_at),
        failing_since = CASE WHEN excluded.last_success_at IS NULL THEN coalesce(h.failing_since, excluded.failing_since) END,
        consecutive_failures = CASE WHEN excluded.last_success_at IS NULL THEN h.consecutive_failures + excluded.consecutive_failures
                                    ELSE 0 END,
        sick = CASE WHEN excluded.sick = 0 THEN 0 ELSE h.sick + excluded.sick END,
        trips = CASE WHEN excluded.sick = 0 THEN 0
                     WHEN h.probing OR (h.trips = 0 AND h.sick + excluded.sick >= rule.failures) THEN least(h.trips + 1, 20) ELSE h.trips END,
        open_until = CASE WHEN excluded.sick = 0 THEN NULL
                          WHEN h.probing OR (h.trips = 0 AND h.sick + excluded.sick >= rule.failures)
                          THEN now_at + least(rule.most_wait, rule.first_wait * 2 ^ h.trips) ELSE h.open_until END,
        probing = false;

    -- 410, a profile's failure rule, or too long nothing but failures
    IF NOT ('succeeded' = ALL (statuses)) THEN
        FOR sick IN
            SELECT DISTINCT ON (s.endpoint) s.endpoint, s.tenant, s.delivery,
                   CASE WHEN s.error = 'gone' THEN 'gone' WHEN s.disable THEN 'failures' ELSE 'nothing_but_failures' END AS rule,
                   CASE WHEN s.disable THEN coalesce(s.why, 'too many failures')
                        ELSE 'nothing but failures since ' || to_char(h.failing_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"Z"') END AS why
            FROM unnest(tenants, endpoints, deliveries, statuses, errors, disables, reasons) WITH ORDINALITY
                 AS s (tenant, endpoint, delivery, status, error, disable, why, i)
            LEFT JOIN endpoint_health h ON h.endpoint_id = s.endpoint AND h.tenant_id = s.tenant
            WHERE s.status <> 'succeeded' AND (whole OR s.i = ANY (done))
              AND (s.disable OR h.failing_since < now_at - failing_most())
            ORDER BY s.endpoint, s.disable DESC, s.error = 'gone' DESC
        LOOP
            PERFORM disable_endpoint(sick.tenant, sick.endpoint, sick.rule, sick.why, sick.delivery);
        END LOOP;
    END IF;

    IF statuses && ARRAY['exhausted', 'quarantined'] OR errors && ARRAY['blocked'] THEN
        SELECT array_agg(s.tenant), array_agg(s.delivery) INTO sad_tenants, sad
        FROM unnest(tenants, deliveries, statuses, errors) WITH ORDINALITY AS s (tenant, delivery, status, error, i)
        WHERE (s.status IN ('exhausted', 'quarantined') OR s.error = 'blocked') AND (whole OR s.i = ANY (done));
        IF sad IS NOT NULL THEN
            PERFORM raise_failures(sad_tenants, sad);
        END IF;
    END IF;

    IF notify THEN
        PERFORM pg_notify('hooktop_log', '');
    END IF;
    IF NOT whole THEN
        RETURN QUERY
        SELECT s.delivery FROM unnest(tenants, deliveries, leases) WITH ORDINALITY AS s (tenant, delivery, lease, i)
        WHERE s.i <> ALL (coalesce(done, '{}'))
          AND NOT EXISTS (SELECT FROM attempt a WHERE a.delivery_id = s.delivery AND a.tenant_id = s.tenant AND a.lease_id = s.lease);
    END IF;
END $$;

RESET ROLE;
