-- What an operator must know without having asked: alerts, the events they raise, and leave for an endpoint to fail.
SET ROLE hooktop_owner;

-- Added to and acknowledged, never changed otherwise. The nil UUID as tenant: it concerns the whole installation. `kind`
-- begins with what it is about, and where it is one of the operator's own types (below) an event of that type is emitted too.
CREATE TABLE hooktop.alert (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z]+\.[a-z_]+$'),
    endpoint_id uuid,
    delivery_id uuid, -- the first that it is about
    text text NOT NULL,
    detail json,
    at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by name,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX alert_id ON hooktop.alert (id);
CREATE INDEX alert_endpoint ON hooktop.alert (endpoint_id, kind, at);

ALTER TABLE hooktop.alert ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.alert FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.alert TO hooktop_owner USING (true) WITH CHECK (true);
CREATE POLICY people ON hooktop.alert FOR SELECT TO hooktop_viewer
    USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()));
GRANT SELECT ON hooktop.alert TO hooktop_viewer;

-- The operator's own types: raised by hooktop, emitted by nobody. An endpoint receives one only if it subscribes to the exact
-- name: whoever takes '*' takes what the producer tells, not what became of other endpoints.
INSERT INTO hooktop.event_type (profile, name, state, description, sample) VALUES
    ('operator', 'endpoint.disabled', 'raised', 'An endpoint was switched off because of what its receiver answered',
     '{"endpoint": {"id": "01980000-0000-7000-8000-000000000001", "url": "https://example.com/hooks", "rule": "nothing_but_failures", "reason": "nothing but failures since 2026-11-15 09:00Z", "held": 12}}'),
    ('operator', 'delivery.exhausted', 'raised', 'A delivery was given up after its last attempt',
     '{"delivery": {"id": "01980000-0000-7000-8000-000000000002", "event_id": "01980000-0000-7000-8000-000000000003", "endpoint_id": "01980000-0000-7000-8000-000000000001", "type": "claim.created", "attempts": 10, "last_status": 503, "last_error": "http_5xx"}}');

-- An event of the operator's own, for endpoints of the tenant other than the one it is about.
CREATE FUNCTION hooktop.raise_event(tenant uuid, type text, about uuid, data json) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    made uuid := uuid7();
    now_at timestamptz := clock_timestamp();
    whom uuid[];
BEGIN
    SELECT array_agg(s.endpoint_id) INTO whom FROM subscription s
    JOIN endpoint e ON e.id = s.endpoint_id AND e.tenant_id = s.tenant_id
    WHERE s.tenant_id = tenant AND s.pattern = raise_event.type AND s.valid_to IS NULL AND e.status <> 'removed' AND e.id <> about;
    IF whom IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO event (id, tenant_id, type, data, source, created_at) VALUES (made, tenant, raise_event.type, raise_event.data, 'api', now_at);
    PERFORM emit_held(tenant, made, raise_event.type, now_at, whom);
    PERFORM wake(whom[1]);
END $$;

-- Adds an alert and tells who listens on the channel hooktop_alert: "KIND ID". `apart`: not if the same was raised for this
-- endpoint so short a time ago (two at once may both be told; nobody waits to find out).
CREATE FUNCTION hooktop.raise_alert(tenant uuid, kind text, endpoint uuid, delivery uuid, text text, detail json, apart interval)
    RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    made uuid := uuid7();
    now_at timestamptz := clock_timestamp();
BEGIN
    IF NOT EXISTS (SELECT FROM alert a WHERE a.tenant_id = tenant AND a.kind = raise_alert.kind
                   AND a.endpoint_id IS NOT DISTINCT FROM raise_alert.endpoint AND a.at > now_at - apart) THEN
        INSERT INTO alert (id, tenant_id, kind, endpoint_id, delivery_id, text, detail, at)
        VALUES (made, tenant, raise_alert.kind, raise_alert.endpoint, raise_alert.delivery, raise_alert.text, raise_alert.detail, now_at);
        PERFORM pg_notify('hooktop_alert', raise_alert.kind || ' ' || made);
    END IF;
END $$;

-- An endpoint was switched off. No event comes of a delivery that was itself one of the operator's own.
CREATE FUNCTION hooktop.raise_disabled(e hooktop.endpoint, rule text, delivery uuid, held bigint) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    told json := json_build_object('endpoint', json_build_object('id', e.id, 'url', split_part(e.url, '?', 1),
                                   'description', e.description, 'rule', rule, 'reason', e.status_reason, 'held', held));
BEGIN
    PERFORM raise_alert(e.tenant_id, 'endpoint.disabled', e.id, delivery, e.status_reason,
                        json_build_object('rule', rule, 'held', held), '0 s');
    IF NOT EXISTS (SELECT FROM delivery d JOIN event_type t ON t.profile = 'operator' AND t.name = d.type
                   AND t.tenant_id = '00000000-0000-0000-0000-000000000000'
                   WHERE d.id = raise_disabled.delivery AND d.tenant_id = e.tenant_id) THEN
        PERFORM raise_event(e.tenant_id, 'endpoint.disabled', e.id, told);
    END IF;
END $$;

-- Deliveries that came to a bad end just now, or were refused by the address guard. Alerts of one kind are an hour apart for one
-- endpoint; an event is raised for every exhausted delivery, unless that was such an event itself: nothing feeds itself.
CREATE FUNCTION hooktop.raise_failures(tenants uuid[], deliveries uuid[]) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    first uuid; -- what lies between the two shows which partitions to look into
    last uuid;
    d record;
BEGIN
    SELECT (array_agg(y ORDER BY y))[1], (array_agg(y ORDER BY y DESC))[1] INTO first, last FROM unnest(deliveries) y;
    FOR d IN
        SELECT x.*, EXISTS (SELECT FROM event_type t WHERE t.profile = 'operator' AND t.name = x.type
                            AND t.tenant_id = '00000000-0000-0000-0000-000000000000') AS own
        FROM unnest(tenants, deliveries) w (tenant, delivery)
        -- One after another by its id, whatever the statistics say: as in claim(). The tenant is compared apart, lest an index
        -- that begins with it is taken.
        CROSS JOIN LATERAL (SELECT y.* FROM delivery y WHERE y.id = w.delivery AND y.id BETWEEN first AND last OFFSET 0) x
        WHERE x.tenant_id = w.tenant
        ORDER BY x.endpoint_id, x.id
    LOOP
        IF d.status = 'exhausted' THEN
            PERFORM raise_alert(d.tenant_id, 'delivery.exhausted', d.endpoint_id, d.id,
                format('given up after attempt %s: %s', d.attempts, concat_ws(' ', 'HTTP ' || d.last_status, d.last_error)),
                NULL, '1 hour');
            IF NOT d.own THEN
                PERFORM raise_event(d.tenant_id, 'delivery.exhausted', d.endpoint_id, json_build_object('delivery', json_build_object(
                    'id', d.id, 'event_id', d.event_id, 'endpoint_id', d.endpoint_id, 'type', d.type, 'attempts', d.attempts,
                    'last_status', d.last_status, 'last_error', d.last_error)));
            END IF;
        ELSIF d.status = 'quarantined' THEN
            PERFORM raise_alert(d.tenant_id, 'delivery.quarantined', d.endpoint_id, d.id,
                coalesce(d.reason, 'it could not be built, signed or unsealed'), NULL, '1 hour');
        ELSE
            PERFORM raise_alert(d.tenant_id, 'endpoint.blocked', d.endpoint_id, d.id,
                'the address guard refuses the receiver''s address', NULL, '1 hour');
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION hooktop.alert_acknowledge(tenant uuid, id uuid, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    a alert;
BEGIN
    IF tenant <> '00000000-0000-0000-0000-000000000000' THEN
        PERFORM check_tenant(tenant);
    ELSIF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user), 'ask an admin of all tenants');
    END IF;
    UPDATE alert x SET acknowledged_at = clock_timestamp(), acknowledged_by = session_user
    WHERE x.id = alert_acknowledge.id AND x.tenant_id = tenant AND x.acknowledged_at IS NULL RETURNING * INTO a;
    IF a.id IS NULL THEN
        PERFORM fail('state', 'no such alert is open', 'hooktop alert list shows them');
    END IF;
    PERFORM audit_add(tenant, 'alert.acknowledged', a.id::text, reason, json_build_object('kind', a.kind, 'endpoint', a.endpoint_id));
END $$;

-- Leave to fail: until then (NULL: no longer) or, exempt, for ever, no failures disable the endpoint. A 410 still does: it says
-- that the receiver wants no more. Failures go on being counted, so when the leave ends the next one may disable.
CREATE FUNCTION hooktop.endpoint_snooze(tenant uuid, id uuid, for_ms bigint, exempt boolean, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint := find_endpoint(tenant, id);
    until timestamptz := CASE WHEN for_ms > 0 THEN clock_timestamp() + for_ms * interval '1 ms' END;
BEGIN
    IF for_ms NOT BETWEEN 0 AND 7776000000 THEN
        PERFORM fail('input', 'leave to fail lasts 90 days at most', 'make it --always');
    END IF;
    UPDATE endpoint x SET snoozed_until = until, never_disable = coalesce(exempt, false)
    WHERE x.id = e.id AND x.tenant_id = tenant;
    PERFORM audit_add(tenant, 'endpoint.snoozed', e.id::text, reason, json_build_object(
        'before', json_build_object('until', e.snoozed_until, 'always', e.never_disable),
        'after', json_build_object('until', until, 'always', coalesce(exempt, false))));
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hooktop FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.alert_acknowledge(uuid, uuid, text), hooktop.endpoint_snooze(uuid, uuid, bigint, boolean, text)
    TO hooktop_support;
GRANT EXECUTE ON FUNCTION hooktop.failing_most() TO hooktop_viewer;

RESET ROLE;
