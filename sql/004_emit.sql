-- The producer's side: an event and its deliveries, in the producer's own transaction.
SET ROLE hooktop_owner;

-- The patterns that match a type: 'a.b.c' -> *, a.*, a.b.*, a.b.c. A SET would cost more than all it does.
CREATE FUNCTION hooktop.patterns_of(type text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    found text[] := ARRAY['*'];
    prefix text := '';
    part text;
BEGIN
    FOREACH part IN ARRAY pg_catalog.string_to_array(type, '.') LOOP
        prefix := prefix || part || '.';
        found := found || (prefix || '*');
    END LOOP;
    found[pg_catalog.cardinality(found)] := type;
    RETURN found;
END $$;

-- Finds a type that is not there as one to be emitted, or refuses it. An open catalogue (profile standard) learns a type at its first emit.
CREATE FUNCTION hooktop.emittable(tenant uuid, wanted text) RETURNS hooktop.event_type LANGUAGE plpgsql AS $$
DECLARE
    prof text;
    t hooktop.event_type;
BEGIN
    SELECT e.* INTO t FROM tenant x
    CROSS JOIN LATERAL (SELECT y.* FROM event_type y
                        WHERE y.profile = x.profile AND y.name = wanted AND y.tenant_id IN (tenant, '00000000-0000-0000-0000-000000000000')
                        OFFSET 0) e
    WHERE x.id = tenant ORDER BY e.tenant_id DESC LIMIT 1;
    IF NOT FOUND THEN
        SELECT profile INTO prof FROM tenant x WHERE x.id = tenant;
    END IF;
    IF prof = 'standard' THEN
        IF wanted !~ '^[a-z0-9_.]{1,128}$' THEN
            PERFORM fail('input', format('"%s" is no event type: 1 to 128 of a-z, 0-9, "_" and "."', left(wanted, 140)), NULL);
        ELSIF EXISTS (SELECT FROM event_type e WHERE e.profile = 'operator' AND e.name = wanted
                      AND e.tenant_id = '00000000-0000-0000-0000-000000000000') THEN
            PERFORM fail('input', format('event type %s is hooktop''s own: it raises it itself', wanted), 'choose another name');
        END IF;
        INSERT INTO event_type (tenant_id, profile, name, state) VALUES (tenant, prof, wanted, 'emitted')
        ON CONFLICT DO NOTHING;
        SELECT * INTO t FROM event_type e WHERE e.tenant_id = tenant AND e.profile = prof AND e.name = wanted;
    ELSIF prof IS NOT NULL THEN
        PERFORM fail('missing', format('profile %s has no event type "%s"', prof, left(wanted, 140)), 'hooktop type list shows its types');
    END IF;
    IF t.state = 'planned' THEN
        PERFORM fail('input', format('event type %s is planned: its contract is reserved and nothing emits it yet', wanted),
                     'hooktop type list shows the types that can be emitted');
    ELSIF t.state <> 'emitted' THEN
        PERFORM fail('input', format('event type %s cannot be emitted: it is %s', wanted,
                                     CASE t.state WHEN 'test' THEN 'only sent by a ping' ELSE 'archived' END), NULL);
    END IF;
    RETURN t;
END $$;

-- NOTIFY takes a lock of the whole database at commit, so producers wake a worker only while one sleeps, and then 50 times a
-- second at most in all. Both is kept in sequences, which show a new value at once, lock nobody and leave no old rows behind;
-- milliseconds since 1970.
CREATE SEQUENCE hooktop.asleep_until;
CREATE SEQUENCE hooktop.woken_at;
CREATE FUNCTION hooktop.wake(endpoint uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    now_ms bigint := (date_part('epoch', clock_timestamp()) * 1000)::bigint;
BEGIN
    IF now_ms < pg_sequence_last_value('asleep_until') AND now_ms - coalesce(pg_sequence_last_value('woken_at'), 0) NOT BETWEEN 0 AND 20 THEN
        PERFORM setval('woken_at', now_ms);
        PERFORM pg_notify('hooktop_wake', endpoint::text);
    END IF;
END $$;

-- Deliveries of a fresh event at endpoints that did not look active. The lock makes whoever resumes one of them wait for us
-- (it would not see these rows), and us see what was committed meanwhile. Where somebody else has that lock the row goes to
-- the outbox: a worker puts it aside if it must.
CREATE FUNCTION hooktop.emit_held(tenant uuid, event uuid, type text, at timestamptz, endpoints uuid[]) RETURNS void
    LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    shut uuid[];
    whys text[];
    e uuid;
    made uuid;
    k int;
BEGIN
    SELECT array_agg(x.id), array_agg(x.why) INTO shut, whys
    FROM (SELECT p.id, coalesce(p.status_reason, 'endpoint is ' || p.status) AS why FROM endpoint p
          WHERE p.id = ANY (endpoints) AND p.tenant_id = tenant AND p.status <> 'active' FOR SHARE SKIP LOCKED) x;
    FOREACH e IN ARRAY endpoints LOOP
        made := uuid7();
        k := array_position(shut, e);
        INSERT INTO delivery (id, tenant_id, event_id, endpoint_id, type, status, reason, created_at)
        VALUES (made, tenant, event, e, emit_held.type, CASE WHEN k IS NULL THEN 'ready' ELSE 'held' END, whys[k], emit_held.at);
        IF k IS NULL THEN
            INSERT INTO tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at)
            VALUES (tenant, e, made, event, emit_held.at);
        ELSE
            INSERT INTO held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)
            VALUES (tenant, e, made, event, emit_held.at, 0, 1);
        END IF;
    END LOOP;
END $$;

-- It must keep its plans whatever the statistics say, in sessions that are not ours: the joins stand in an order that cannot
-- be turned (OFFSET 0), and what is asked can be found by one index alone. Each statement and each call costs a producer a
-- start and an end of its own, so there are two where nothing is out of the ordinary: one asks for all that must be known, one
-- writes.
CREATE FUNCTION hooktop.emit_counted(tenant uuid, type text, data json, source text DEFAULT NULL, performed_by text DEFAULT NULL,
        event_name text DEFAULT NULL, workflow text DEFAULT NULL, idempotency_key text DEFAULT NULL,
        OUT event_id uuid, OUT deliveries int, OUT repeated boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    now_at timestamptz := clock_timestamp();
    patterns text[] := patterns_of(coalesce(type, ''));
    known boolean;
    state text;
    contract json;
    ready uuid[]; -- endpoints that can be sent to at once, and those that do not look so
    shut uuid[];
BEGIN
    SELECT true, y.state, y.contract, s.ready, s.shut INTO known, state, contract, ready, shut
    FROM tenant x
    LEFT JOIN LATERAL (SELECT y.state, y.contract FROM event_type y
                       WHERE y.profile = x.profile AND y.name = emit_counted.type
                         AND y.tenant_id IN (tenant, '00000000-0000-0000-0000-000000000000')
                       ORDER BY y.tenant_id DESC LIMIT 1) y ON true
    CROSS JOIN LATERAL (
        SELECT array_agg(e.id) FILTER (WHERE e.status = 'active') AS ready, array_agg(e.id) FILTER (WHERE e.status <> 'active') AS shut
        FROM (SELECT DISTINCT z.endpoint_id FROM subscription z
              WHERE z.tenant_id = tenant AND z.pattern = ANY (patterns) AND z.valid_to IS NULL OFFSET 0) s
        CROSS JOIN LATERAL (
            SELECT e.id, e.status FROM endpoint e
            WHERE e.id = s.endpoint_id AND e.tenant_id = tenant AND e.status <> 'removed'
              AND (e.source_filter IS NULL OR e.profile <> 'claimable' OR e.source_filter = coalesce(emit_counted.source, 'api'))
              AND (e.workflows IS NULL OR e.profile <> 'instnt' OR emit_counted.workflow = ANY (e.workflows))
            OFFSET 0) e) s
    WHERE x.id = tenant;
    IF known IS NULL OR NOT (pg_has_role(session_user, 'hooktop_owner', 'MEMBER') OR pg_has_role(session_user, 'hooktop_worker', 'MEMBER')) THEN
        PERFORM check_tenant(tenant);
    END IF;
    IF data IS NULL THEN
        PERFORM fail('input', 'an event needs data: a JSON value', NULL);
    ELSIF octet_length(data::text) > 262144 THEN
        PERFORM fail('input', format('the data has %s bytes; 262144 are allowed', octet_length(data::text)),
                     'put large content elsewhere and send a reference');
    ELSIF source IS NOT NULL AND source NOT IN ('ui', 'api') THEN
        PERFORM fail('input', format('source is "%s"', left(source, 40)), 'use ui or api');
    ELSIF greatest(length(performed_by), length(event_name), length(workflow)) > 255 THEN
        PERFORM fail('input', 'performed_by, event_name and workflow have at most 255 characters', NULL);
    ELSIF idempotency_key IS NOT NULL AND length(idempotency_key) NOT BETWEEN 1 AND 255 THEN
        PERFORM fail('input', 'an idempotency key has 1 to 255 characters', NULL);
    END IF;
    IF state IS DISTINCT FROM 'emitted' THEN
        SELECT t.contract INTO contract FROM emittable(tenant, type) t;
    END IF;
    IF contract IS NOT NULL THEN
        PERFORM check_contract(contract, data);
    END IF;

    event_id := uuid7();
    repeated := false;
    IF idempotency_key IS NOT NULL THEN
        INSERT INTO idempotency AS i (tenant_id, key, event_id) VALUES (tenant, idempotency_key, emit_counted.event_id)
        ON CONFLICT (tenant_id, key) DO NOTHING;
        IF NOT FOUND THEN
            SELECT i.event_id, true INTO emit_counted.event_id, repeated FROM idempotency i
            WHERE i.tenant_id = tenant AND i.key = idempotency_key;
            SELECT count(*) INTO deliveries FROM delivery d
            WHERE d.event_id = emit_counted.event_id AND d.redelivery_of IS NULL AND d.tenant_id = tenant
              AND d.id > emit_counted.event_id; -- not in the partitions of days before
            RETURN;
        END IF;
    END IF;

    IF to_regclass('hooktop.event_' || to_char(now_at AT TIME ZONE 'UTC', 'YYYYMMDD')) IS NULL THEN
        PERFORM make_partitions(7); -- nobody has made them ahead for two weeks
    END IF;
    WITH m AS MATERIALIZED (
        SELECT r.r AS endpoint_id, uuid7() AS id FROM unnest(ready) r (r)
    ), happened AS (
        INSERT INTO event (id, tenant_id, type, data, source, performed_by, event_name, workflow, key, created_at)
        VALUES (emit_counted.event_id, tenant, type, data, source, performed_by, event_name, workflow, idempotency_key, now_at)
    ), told AS (
        INSERT INTO delivery (id, tenant_id, event_id, endpoint_id, type, status, created_at)
        SELECT m.id, tenant, emit_counted.event_id, m.endpoint_id, type, 'ready', now_at FROM m
    )
    INSERT INTO tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at)
    SELECT tenant, m.endpoint_id, m.id, emit_counted.event_id, now_at FROM m;
    deliveries := coalesce(cardinality(ready), 0) + coalesce(cardinality(shut), 0);
    IF ready IS NOT NULL AND (date_part('epoch', now_at) * 1000)::bigint < pg_sequence_last_value('asleep_until') THEN
        PERFORM wake(ready[1]);
    END IF;
    IF shut IS NOT NULL THEN
        PERFORM emit_held(tenant, emit_counted.event_id, type, now_at, shut);
    END IF;
END $$;

-- Without a SET, and one expression of its arguments: so PostgreSQL puts the call below in its place, at no cost.
CREATE FUNCTION hooktop.emit(tenant uuid, type text, data json, source text DEFAULT NULL, performed_by text DEFAULT NULL,
        event_name text DEFAULT NULL, workflow text DEFAULT NULL, idempotency_key text DEFAULT NULL) RETURNS uuid
    LANGUAGE sql VOLATILE
    RETURN (hooktop.emit_counted(tenant, type, data, source, performed_by, event_name, workflow, idempotency_key)).event_id;

RESET ROLE;
