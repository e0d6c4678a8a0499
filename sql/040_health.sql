-- What is wrong at this moment, and the figures that monitoring reads. Both run as their caller, whom the row policies bind.
SET ROLE hooktop_owner;

-- One row for each thing that wants somebody's attention: what it is about, how many, since when, in one sentence. The remedies
-- stand in the program (src/cli/trouble_kinds.c), one for each kind. Counts stop at 10000, and what became of deliveries is read
-- from each endpoint's newest 500 of a day, so that the answer stays as fast beside ten million rows.
CREATE FUNCTION hooktop.health(backlog_after interval, rotate_after interval, program text)
    RETURNS TABLE (kind text, tenant_id uuid, endpoint_id uuid, subject text, n bigint, since timestamptz, text text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now_at),
    e AS MATERIALIZED (
        SELECT n.id, n.tenant_id, n.shown_url AS url, n.status, n.status_reason, n.status_at, t.name AS tenant,
               NOT n.never_disable AND coalesce(n.snoozed_until, now_at) <= now_at AS may_be_disabled,
               coalesce(nullif(n.description, ''), n.shown_url) AS called
        FROM clock, endpoint n JOIN tenant t ON t.id = n.tenant_id WHERE n.status <> 'removed'
    ),
    waits AS MATERIALIZED (
        SELECT e.tenant_id, e.tenant, x.n, x.oldest FROM clock, e CROSS JOIN LATERAL (
            SELECT count(*) AS n, min(o.due_at) AS oldest FROM (
                SELECT r.due_at FROM tenant_webhook_outbox r
                WHERE r.endpoint_id = e.id AND r.tenant_id = e.tenant_id AND r.due_at < now_at - backlog_after
                  AND coalesce(r.lease_until, now_at) <= now_at AND coalesce(r.not_before, now_at) <= now_at
                ORDER BY r.due_at LIMIT 10000) o) x
        WHERE x.n > 0
    ),
    alive AS MATERIALIZED (SELECT w.* FROM worker w, clock WHERE w.heartbeat_at > now_at - interval '30 s'),
    ends AS MATERIALIZED (
        SELECT e.id, e.tenant_id, e.called, x.status, count(*) AS n, max(x.last_attempt_at) AS at FROM e CROSS JOIN LATERAL (
            SELECT d.status, d.last_attempt_at FROM delivery d, clock
            WHERE d.endpoint_id = e.id AND d.id >= uuid_at(now_at - interval '1 day') ORDER BY d.id DESC LIMIT 500) x
        WHERE x.status IN ('exhausted', 'quarantined') GROUP BY 1, 2, 3, 4
    )
    SELECT 'queue.past_due', w.tenant_id, NULL::uuid, w.tenant, sum(w.n)::bigint, min(w.oldest),
           format('%s deliveries are past due, the oldest since %s', sum(w.n), at_text(min(w.oldest)))
    FROM waits w GROUP BY w.tenant_id, w.tenant
    UNION ALL
    SELECT 'worker.none', '00000000-0000-0000-0000-000000000000', NULL, 'workers', 0,
           (SELECT max(w.heartbeat_at) FROM worker w), 'no worker is alive, and there are active endpoints'
    WHERE NOT EXISTS (SELECT FROM alive) AND EXISTS (SELECT FROM e WHERE e.status = 'active')
    UNION ALL
    -- One that was killed and has a successor on its machine is nobody's business.
    SELECT 'worker.silent', '00000000-0000-0000-0000-000000000000', NULL, w.name, 1, w.heartbeat_at,
           format('the worker has said nothing since %s, and did not say goodbye', at_text(w.heartbeat_at))
    FROM worker w, clock
    WHERE NOT w.in_console AND w.heartbeat_at BETWEEN now_at - interval '1 day' AND now_at - interval '60 s'
      AND NOT EXISTS (SELECT FROM alive a WHERE split_part(a.name, ':', 1) = split_part(w.name, ':', 1))
    UNION ALL
    SELECT 'worker.version', '00000000-0000-0000-0000-000000000000', NULL, a.name, 1, a.started_at,
           format('the worker is hooktop %s, this program is %s', a.version, program)
    FROM alive a WHERE a.version <> program
    UNION ALL
    SELECT 'endpoint.disabled', e.tenant_id, e.id, e.called, 1, e.status_at,
           format('disabled since %s: %s', at_text(e.status_at), coalesce(e.status_reason, 'no reason is stored'))
    FROM e WHERE e.status = 'disabled' AND coalesce(e.status_reason, '') NOT LIKE 'disabled by %'
    UNION ALL
    SELECT 'endpoint.near_disabling', e.tenant_id, e.id, e.called, h.consecutive_failures, h.failing_since,
           format('%s failures in a row since %s; it is disabled at %s', h.consecutive_failures, at_text(h.failing_since),
                  at_text(h.failing_since + failing_most()))
    FROM e JOIN endpoint_health h ON h.endpoint_id = e.id AND h.tenant_id = e.tenant_id, clock
    WHERE e.status = 'active' AND e.may_be_disabled AND h.failing_since < now_at - interval '1 day'
    UNION ALL
    SELECT 'endpoint.unverified', e.tenant_id, e.id, e.called, x.n, e.status_at,
           format('it has never answered its test event, and %s deliveries wait for that', x.n)
    FROM e CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
        SELECT FROM held h WHERE h.tenant_id = e.tenant_id AND h.endpoint_id = e.id LIMIT 10000) y) x
    WHERE e.status = 'unverified' AND x.n > 0
    UNION ALL
    SELECT 'endpoint.unsubscribed', e.tenant_id, e.id, e.called, 0, e.status_at, 'it has no subscription and receives nothing'
    FROM e WHERE e.status = 'active'
      AND NOT EXISTS (SELECT FROM subscription s WHERE s.endpoint_id = e.id AND s.tenant_id = e.tenant_id AND s.valid_to IS NULL)
    UNION ALL
    SELECT 'delivery.' || x.status, x.tenant_id, x.id, x.called, x.n, x.at,
           format('%s of its newest deliveries of the last day ended %s, the last at %s', x.n, x.status, at_text(x.at))
    FROM ends x
    UNION ALL
    SELECT 'secret.rotation_overdue', k.tenant_id, nullif(k.endpoint_id, '00000000-0000-0000-0000-000000000000'),
           coalesce((SELECT e.called FROM e WHERE e.id = k.endpoint_id AND e.tenant_id = k.tenant_id),
                    (SELECT t.name FROM tenant t WHERE t.id = k.tenant_id)), k.generation, k.created_at,
           format('the %s that signs is from %s, %s days old', CASE k.kind WHEN 'secret' THEN 'secret' ELSE 'tenant''s key' END,
                  at_text(k.created_at), date_part('day', clock.now_at - k.created_at))
    FROM key_state k, clock
    WHERE k.state = 'active' AND k.created_at < clock.now_at - rotate_after
      AND (k.kind = 'signing_key' OR EXISTS (SELECT FROM e WHERE e.id = k.endpoint_id AND e.tenant_id = k.tenant_id AND e.status = 'active'))
    UNION ALL
    SELECT 'secret.unconfirmed', k.tenant_id, k.endpoint_id, e.called, k.generation, k.revealed_at,
           format('generation %s was shown to %s at %s, who never said that it arrived', k.generation, k.revealed_by, at_text(k.revealed_at))
    FROM key_state k JOIN e ON e.id = k.endpoint_id AND e.tenant_id = k.tenant_id, clock
    WHERE k.kind = 'secret' AND k.state IN ('next', 'active') AND k.confirmed_at IS NULL AND k.revealed_at < clock.now_at - interval '1 h'
    UNION ALL
    SELECT 'partition.missing', '00000000-0000-0000-0000-000000000000', NULL, p.kind, 1, clock.now_at,
           format('there is no partition of %s for tomorrow: emitting will fail from midnight UTC on', p.kind)
    FROM clock, unnest(ARRAY['event', 'delivery', 'attempt']) p (kind)
    WHERE to_regclass('hooktop.' || p.kind || '_' || to_char((clock.now_at AT TIME ZONE 'UTC')::date + 1, 'YYYYMMDD')) IS NULL
    UNION ALL
    SELECT 'partition.overdue', '00000000-0000-0000-0000-000000000000', NULL, p.name, p.pending, p.drops_at,
           format('it should have been dropped at %s, and %s waiting deliveries keep it', at_text(p.drops_at), p.pending)
    FROM partitions() p, clock WHERE p.drops_at < clock.now_at - interval '1 day'
$$;

-- Figures of every endpoint, for monitoring: what waits now, and how its requests of the last five minutes went, of at most its
-- newest 500 deliveries.
CREATE FUNCTION hooktop.stats()
    RETURNS TABLE (tenant_id uuid, tenant text, endpoint_id uuid, url text, description text, profile text, status text, waiting bigint,
                   past_due bigint, oldest_due timestamptz, held bigint, tried bigint, failed bigint, span_s float8, p50_ms float8,
                   p95_ms float8, consecutive_failures int, failing_since timestamptz, last_success_at timestamptz, at timestamptz)
    LANGUAGE sql STABLE SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now_at)
    SELECT e.tenant_id, t.name, e.id, e.shown_url, nullif(e.description, ''), e.profile, e.status, q.waiting, q.past_due,
           q.oldest, h.held, r.tried, r.failed, coalesce(r.span, 300), r.p50, r.p95,
           coalesce(y.consecutive_failures, 0), y.failing_since, y.last_success_at, now_at
    FROM clock, endpoint e JOIN tenant t ON t.id = e.tenant_id
    LEFT JOIN endpoint_health y ON y.endpoint_id = e.id AND y.tenant_id = e.tenant_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS waiting, count(*) FILTER (WHERE x.past) AS past_due, min(x.due_at) FILTER (WHERE x.past) AS oldest
        FROM (SELECT o.due_at, o.due_at <= now_at AND coalesce(o.lease_until, now_at) <= now_at
                     AND coalesce(o.not_before, now_at) <= now_at AS past
              FROM tenant_webhook_outbox o WHERE o.endpoint_id = e.id AND o.tenant_id = e.tenant_id ORDER BY o.due_at LIMIT 10000) x) q
    CROSS JOIN LATERAL (
        SELECT count(*) AS held FROM (SELECT FROM held h WHERE h.tenant_id = e.tenant_id AND h.endpoint_id = e.id LIMIT 10000) x) h
    CROSS JOIN LATERAL (
        SELECT count(*) AS tried, count(*) FILTER (WHERE x.last_error <> '') AS failed,
               CASE WHEN count(*) = 500 THEN greatest(extract(epoch FROM now_at - min(x.last_attempt_at)), 1)::float8 END AS span,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY x.last_duration_ms) AS p50,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY x.last_duration_ms) AS p95
        FROM (SELECT d.last_attempt_at, d.last_error, d.last_duration_ms FROM delivery d
              WHERE d.endpoint_id = e.id AND d.id >= uuid_at(now_at - interval '1 day') ORDER BY d.id DESC LIMIT 500) x
        WHERE x.last_attempt_at > now_at - interval '5 min') r
    WHERE e.status <> 'removed'
$$;

-- alerts that were told ------------------------------------------------------------------------------------------------
-- What `hooktop alert check` has told, so that it tells each thing once, again after a while, and when it is over.
CREATE TABLE hooktop.alert_told (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, subject)
);
ALTER TABLE hooktop.alert_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.alert_told FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.alert_told TO hooktop_owner USING (true) WITH CHECK (true);

-- Of what is wrong now, that which is to be told: new, or told longer ago than `again`. Marks it as told at once: two that ask
-- at the same time do not both tell it. What was told and is wrong no more comes back with over = true, once.
CREATE FUNCTION hooktop.alert_claim(tenants uuid[], kinds text[], subjects text[], again interval)
    RETURNS TABLE (tenant_id uuid, kind text, subject text, over boolean) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user),
                     'alerts are told by a login that sees all of them');
    END IF;
    LOCK TABLE alert_told IN SHARE ROW EXCLUSIVE MODE;
    RETURN QUERY DELETE FROM alert_told a WHERE NOT EXISTS (
        SELECT FROM unnest(tenants, kinds, subjects) w (t, k, s) WHERE w.t = a.tenant_id AND w.k = a.kind AND w.s = a.subject)
    RETURNING a.tenant_id, a.kind, a.subject, true;
    RETURN QUERY INSERT INTO alert_told AS a (tenant_id, kind, subject, told_at)
    SELECT DISTINCT w.t, w.k, w.s, clock_timestamp() FROM unnest(tenants, kinds, subjects) w (t, k, s)
    ON CONFLICT (tenant_id, kind, subject) DO UPDATE SET told_at = excluded.told_at WHERE a.told_at < clock_timestamp() - again
    RETURNING a.tenant_id, a.kind, a.subject, false;
END $$;

-- Telling failed: it is to be told again next time.
CREATE FUNCTION hooktop.alert_unclaim(tenants uuid[], kinds text[], subjects text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    IF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user), NULL);
    END IF;
    DELETE FROM alert_told a USING unnest(tenants, kinds, subjects) w (t, k, s)
    WHERE a.tenant_id = w.t AND a.kind = w.k AND a.subject = w.s;
END $$;

REVOKE ALL ON FUNCTION hooktop.health(interval, interval, text), hooktop.stats(), hooktop.alert_claim(uuid[], text[], text[], interval),
    hooktop.alert_unclaim(uuid[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.health(interval, interval, text), hooktop.stats(), hooktop.at_text(timestamptz) TO hooktop_viewer;
GRANT EXECUTE ON FUNCTION hooktop.alert_claim(uuid[], text[], text[], interval), hooktop.alert_unclaim(uuid[], text[], text[])
    TO hooktop_support;

RESET ROLE;
