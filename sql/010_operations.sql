-- What operators ask and do about one event.
SET ROLE hooktop_owner;

-- Without a SET, and stable as to_char is: so the planner puts it in line, and `why` of 10,000 endpoints costs no 100,000 calls.
CREATE FUNCTION hooktop.at_text(at timestamptz) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"')
$$;

-- Every endpoint of the event's tenant with what became of the event there, from the endpoint's settings and subscriptions as
-- they were when the event was emitted. Runs as its caller, whom the row policies bind.
CREATE FUNCTION hooktop.why(event uuid)
    RETURNS TABLE (tenant_id uuid, endpoint_id uuid, url text, outcome text, reason text, delivery_id uuid, redelivered int)
    LANGUAGE sql STABLE SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH v AS MATERIALIZED (
        SELECT x.*, patterns_of(x.type) AS patterns, coalesce(x.source, 'api') AS from_source
        FROM event x WHERE x.id = $1
    ), e AS (
        SELECT n.id, n.tenant_id, n.profile, n.shown_url AS url, n.status, n.status_reason, n.status_at, n.created_at, then_.status AS then_status,
               then_.status_reason AS then_reason, then_.source_filter AS then_source, then_.workflows AS then_workflows
        FROM v JOIN endpoint n ON n.tenant_id = v.tenant_id
        LEFT JOIN LATERAL (
            SELECT h.* FROM endpoint_history h
            WHERE h.tenant_id = n.tenant_id AND h.endpoint_id = n.id AND h.valid_from <= v.created_at
            ORDER BY h.version DESC LIMIT 1) then_ ON true
    ), d AS (
        SELECT DISTINCT ON (x.endpoint_id) x.*, count(x.redelivery_of) OVER (PARTITION BY x.endpoint_id) AS again,
               o.due_at, o.lease_until > clock_timestamp() AS leased
        FROM v JOIN delivery x ON x.event_id = v.id AND x.tenant_id = v.tenant_id AND x.id >= uuid_at(v.created_at)
        LEFT JOIN tenant_webhook_outbox o ON o.tenant_id = x.tenant_id AND o.endpoint_id = x.endpoint_id AND o.delivery_id = x.id
        ORDER BY x.endpoint_id, x.id DESC
    ), s AS (
        SELECT x.endpoint_id, bool_or(x.valid_from <= v.created_at AND (x.valid_to IS NULL OR x.valid_to > v.created_at)) AS then_on,
               min(x.valid_from) FILTER (WHERE x.valid_from > v.created_at) AS first_after,
               max(x.valid_to) FILTER (WHERE x.valid_to <= v.created_at) AS last_before
        FROM v JOIN subscription x ON x.tenant_id = v.tenant_id AND x.pattern = ANY (v.patterns)
        GROUP BY x.endpoint_id
    )
    SELECT e.tenant_id, e.id, e.url, f.outcome,
           f.reason || CASE WHEN d.again > 0 THEN format(' (the newest of %s redeliveries)', d.again) ELSE '' END, d.id,
           coalesce(d.again, 0)::int
    FROM v JOIN e ON true LEFT JOIN d ON d.endpoint_id = e.id LEFT JOIN s ON s.endpoint_id = e.id
    CROSS JOIN LATERAL (SELECT
        concat_ws(' ', 'HTTP ' || d.last_status, nullif(d.last_error, '')) AS answer,
        format('the endpoint is %s since %s', e.status, at_text(e.status_at)) || coalesce(': ' || e.status_reason, '') AS now_text
    ) t
    CROSS JOIN LATERAL (SELECT c.outcome, c.reason FROM (VALUES
        (1, d.status = 'succeeded', 'delivered', format('attempt %s at %s: %s', d.attempts, at_text(d.last_attempt_at), t.answer)),
        (2, d.status = 'held', 'held', CASE WHEN e.status = 'active' THEN 'waits to be released: hooktop endpoint release' ELSE t.now_text END),
        (3, d.status = 'ready' AND d.leased, 'sending', format('a worker is sending attempt %s', d.attempts + 1)),
        (4, d.status = 'ready' AND d.attempts > 0, 'retrying',
         format('attempt %s: %s; next at %s', d.attempts, t.answer, at_text(d.due_at))),
        (5, d.status = 'ready', 'waiting', format('not sent yet; due since %s', at_text(d.due_at))),
        (6, d.status = 'exhausted', 'failed', format('given up after attempt %s: %s', d.attempts, t.answer)),
        (7, d.id IS NOT NULL, d.status, coalesce(d.reason, '')),
        (8, e.then_status IS NULL, 'not_there', format('the endpoint was made later, at %s', at_text(e.created_at))),
        (9, e.then_status = 'removed', 'removed', coalesce(e.then_reason, 'the endpoint had been removed')),
        (10, s.then_on IS NOT TRUE, 'not_subscribed', CASE
            WHEN s.last_before IS NOT NULL THEN format('not subscribed to %s any more, since %s', v.type, at_text(s.last_before))
            WHEN s.first_after IS NOT NULL THEN format('subscribed to %s only later, at %s', v.type, at_text(s.first_after))
            ELSE format('never subscribed to %s', v.type) END),
        (11, e.profile = 'claimable' AND e.then_source <> v.from_source, 'source_filter',
         format('it took only events from the %s, and this one is from the %s', e.then_source, v.from_source)),
        (12, e.profile = 'instnt' AND e.then_workflows IS NOT NULL AND v.workflow = ANY (e.then_workflows) IS NOT TRUE, 'workflow',
         format('it took only the workflows %s, and this event''s is %s', array_to_string(e.then_workflows, ', '),
                coalesce(v.workflow, 'none'))),
        (13, true, 'not_kept', 'it was subscribed; its delivery is kept no longer, or the endpoint changed while the event was emitted')
    ) c (n, fits, outcome, reason) WHERE c.fits ORDER BY c.n LIMIT 1) f
$$;

-- Removes an event's payload and what receivers answered to it. What still waits would need the payload, so it is refused then.
CREATE FUNCTION hooktop.event_purge(tenant uuid, id uuid, reason text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    v event;
    waiting bigint;
    emptied bigint;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT * INTO v FROM event x WHERE x.id = event_purge.id AND x.tenant_id = tenant FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no event %s', id), 'hooktop event list shows them');
    ELSIF v.data IS NULL THEN
        PERFORM fail('state', 'the event is purged already', NULL);
    END IF;
    SELECT count(*) INTO waiting FROM delivery d
    WHERE d.event_id = v.id AND d.tenant_id = tenant AND d.id >= uuid_at(v.created_at) AND d.status IN ('ready', 'held');
    IF waiting > 0 THEN
        PERFORM fail('state', format('%s of its deliveries still wait', waiting), 'cancel them first: hooktop delivery cancel');
    END IF;
    UPDATE event x SET data = NULL WHERE x.id = v.id AND x.tenant_id = tenant;
    UPDATE attempt a SET response_body = NULL
    FROM delivery d
    WHERE d.event_id = v.id AND d.tenant_id = tenant AND d.id >= uuid_at(v.created_at)
      AND a.delivery_id = d.id AND a.tenant_id = tenant AND a.response_body IS NOT NULL;
    GET DIAGNOSTICS emptied = ROW_COUNT;
    PERFORM audit_add(tenant, 'event.purged', v.id::text, reason, json_build_object('type', v.type, 'bodies', emptied));
    RETURN emptied;
END $$;

REVOKE ALL ON FUNCTION hooktop.at_text(timestamptz), hooktop.why(uuid), hooktop.event_purge(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.at_text(timestamptz), hooktop.why(uuid) TO hooktop_viewer;
GRANT EXECUTE ON FUNCTION hooktop.event_purge(uuid, uuid, text) TO hooktop_admin;

RESET ROLE;
