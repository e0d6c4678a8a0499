-- Delivering again: one delivery, or by a replay everything that matches. A replay is a list made at its start, which workers
-- work off at its rate; so what was counted is what is done, and it outlives whoever asked for it.
SET ROLE hooktop_owner;

-- The newest redelivery of this one. What fails and was redelivered is no failure to look after any more.
ALTER TABLE hooktop.delivery ADD COLUMN redelivered_as uuid;

CREATE TABLE hooktop.replay (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES hooktop.tenant (id),
    -- running: not all is queued; sending: all is, and not all of it was tried; finished: all of it was, or is held or left out
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'sending', 'paused', 'cancelled', 'finished')),
    -- what was asked for; NULL: any
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    endpoint_id uuid,
    status text,
    error text,
    code int,
    type text,
    chosen boolean NOT NULL DEFAULT false, -- deliveries that somebody named one by one, whatever became of them
    rate_per_s float8 NOT NULL CHECK (rate_per_s > 0 AND rate_per_s <= 10000),
    reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by name NOT NULL DEFAULT session_user,
    ended_at timestamptz,
    next_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- when the next of them is to be sent
    followed uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000', -- up to this one all were tried, held or left out
    total bigint NOT NULL DEFAULT 0,
    queued bigint NOT NULL DEFAULT 0, -- redeliveries made, up to six seconds before they are due
    skipped bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, tenant_id)
);
CREATE INDEX replay_running ON hooktop.replay (id) WHERE state IN ('running', 'sending');

-- "waiting", "queued", or why it was left out.
CREATE TABLE hooktop.replay_item (
    tenant_id uuid NOT NULL,
    replay_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'queued', 'delivered', 'replaced', 'removed', 'purged', 'gone')),
    again boolean NOT NULL, -- it had arrived when it was listed, and is delivered all the same
    made uuid, -- the redelivery
    PRIMARY KEY (tenant_id, replay_id, delivery_id),
    FOREIGN KEY (replay_id, tenant_id) REFERENCES hooktop.replay (id, tenant_id) ON DELETE CASCADE
);
CREATE INDEX replay_item_waiting ON hooktop.replay_item (replay_id, delivery_id) WHERE state = 'waiting';

-- Makes the linked delivery of the same event, due then, and takes back what waits of the original. By a replay what was
-- redelivered by somebody else or is being sent right now (sending) is left alone, and what has succeeded if that was not so
-- when it was listed (again). Locks in the order of a settlement: outbox, delivery.
CREATE FUNCTION hooktop.redeliver_row(tenant uuid, delivery uuid, due timestamptz, by_replay boolean, again boolean,
                                      OUT made uuid, OUT left_out text)
    LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    d delivery;
    e record;
    leased boolean;
BEGIN
    SELECT o.lease_until > clock_timestamp() INTO leased FROM tenant_webhook_outbox o
    WHERE o.delivery_id = redeliver_row.delivery AND o.tenant_id = tenant FOR UPDATE;
    IF leased AND by_replay THEN
        left_out := 'sending';
        RETURN;
    END IF;
    SELECT * INTO d FROM delivery x WHERE x.id = redeliver_row.delivery AND x.tenant_id = tenant FOR UPDATE;
    -- where somebody else has the endpoint's lock the row goes to the outbox: a worker puts it aside if it must
    SELECT p.status, coalesce(p.status_reason, 'endpoint is ' || p.status) AS why INTO e
    FROM endpoint p WHERE p.id = d.endpoint_id AND p.tenant_id = tenant;
    IF e.status <> 'active' THEN
        SELECT p.status, coalesce(p.status_reason, 'endpoint is ' || p.status) AS why INTO e
        FROM endpoint p WHERE p.id = d.endpoint_id AND p.tenant_id = tenant FOR SHARE SKIP LOCKED;
    END IF;
    left_out := CASE
        WHEN d.id IS NULL THEN 'gone'
        WHEN e.status = 'removed' THEN 'removed'
        WHEN by_replay AND d.redelivered_as IS NOT NULL THEN 'replaced'
        WHEN by_replay AND d.status = 'succeeded' AND NOT again THEN 'delivered' END;
    IF left_out IS NULL THEN
        PERFORM FROM event v WHERE v.id = d.event_id AND v.tenant_id = tenant AND v.data IS NOT NULL FOR SHARE;
        left_out := CASE WHEN NOT FOUND THEN 'purged' END;
    END IF;
    IF left_out IS NOT NULL THEN
        RETURN;
    END IF;
    made := uuid7();
    PERFORM cancel_waiting(d, 'replaced by redelivery ' || made);
    UPDATE delivery x SET redelivered_as = redeliver_row.made WHERE x.id = d.id AND x.tenant_id = tenant;
    INSERT INTO delivery (id, tenant_id, event_id, endpoint_id, type, status, reason, redelivery_of, body_version, created_at)
    VALUES (made, tenant, d.event_id, d.endpoint_id, d.type, CASE WHEN e.status <> 'active' THEN 'held' ELSE 'ready' END,
            CASE WHEN e.status <> 'active' THEN e.why END, d.id, d.body_version, clock_timestamp());
    IF e.status <> 'active' THEN
        INSERT INTO held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)
        VALUES (tenant, d.endpoint_id, made, d.event_id, due, 0, d.body_version);
    ELSE
        INSERT INTO tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at, body_version)
        VALUES (tenant, d.endpoint_id, made, d.event_id, due, d.body_version);
    END IF;
END $$;

CREATE FUNCTION hooktop.redeliver(tenant uuid, id uuid, reason text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    d delivery := find_delivery(tenant, id);
    r record;
BEGIN
    SELECT * INTO r FROM redeliver_row(tenant, d.id, clock_timestamp(), false, true);
    IF r.left_out = 'removed' THEN
        PERFORM fail('state', 'its endpoint was removed', NULL);
    ELSIF r.left_out IS NOT NULL THEN
        PERFORM fail('state', 'the payload of its event is kept no longer', NULL);
    END IF;
    PERFORM wake(d.endpoint_id);
    PERFORM audit_add(tenant, 'delivery.redelivered', d.id::text, reason, json_build_object('new', r.made));
    RETURN r.made;
END $$;

-- Delivers an event that has passed to who is subscribed to it now and has no delivery of it: to one endpoint, or (NULL) to all
-- such. Returns how many deliveries came of it. The lock makes a second one who asks see what the first has made.
CREATE FUNCTION hooktop.event_deliver(tenant uuid, id uuid, endpoint uuid, reason text) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v event;
    patterns text[];
    whom uuid[];
    has boolean;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT * INTO v FROM event x WHERE x.id = event_deliver.id AND x.tenant_id = tenant FOR NO KEY UPDATE;
    IF v.id IS NULL THEN
        PERFORM fail('missing', format('there is no event %s', event_deliver.id), 'hooktop event list shows them');
    ELSIF v.data IS NULL THEN
        PERFORM fail('state', 'the payload of the event is kept no longer', NULL);
    END IF;
    -- of the operator's own types only the exact name counts, as when they are raised
    patterns := CASE WHEN EXISTS (SELECT FROM event_type t WHERE t.profile = 'operator' AND t.name = v.type
                                  AND t.tenant_id = '00000000-0000-0000-0000-000000000000')
                THEN ARRAY[v.type] ELSE patterns_of(v.type) END;
    SELECT array_agg(e.id) FILTER (WHERE NOT d.has), bool_or(d.has) INTO whom, has
    FROM endpoint e CROSS JOIN LATERAL (
        SELECT EXISTS (SELECT FROM delivery d WHERE d.event_id = v.id AND d.tenant_id = tenant AND d.endpoint_id = e.id
                       AND d.id >= uuid_at(v.created_at)) AS has) d
    WHERE e.tenant_id = tenant AND e.status <> 'removed' AND e.id = coalesce(event_deliver.endpoint, e.id)
      AND EXISTS (SELECT FROM subscription s WHERE s.tenant_id = tenant AND s.endpoint_id = e.id AND s.pattern = ANY (patterns)
                  AND s.valid_to IS NULL)
      AND (e.source_filter IS NULL OR e.profile <> 'claimable' OR e.source_filter = coalesce(v.source, 'api'))
      AND (e.workflows IS NULL OR e.profile <> 'instnt' OR v.workflow = ANY (e.workflows));
    IF whom IS NULL AND has THEN
        PERFORM fail('state', 'whoever is meant and subscribed to it has a delivery of it already', 'hooktop delivery redeliver sends that again');
    ELSIF whom IS NULL THEN
        PERFORM fail('state', format('nobody who is meant is subscribed to %s, or their filters leave this event out', v.type),
                     'hooktop endpoint edit ENDPOINT --subscribe PATTERN');
    END IF;
    PERFORM emit_held(tenant, v.id, v.type, clock_timestamp(), whom);
    PERFORM wake(whom[1]);
    PERFORM audit_add(tenant, 'event.delivered', v.id::text, reason, json_build_object('endpoints', whom));
    RETURN cardinality(whom);
END $$;

-- replays: what matches -----------------------------------------------------------------------------------------------------
-- Without a status: what failed for good, and what was tried in vain and waits for its next try. With ids: these, whatever became
-- of them; of the rest counts only since, from when on the oldest of them is.
CREATE FUNCTION hooktop.replay_matching(tenant uuid, since timestamptz, until timestamptz, endpoint uuid, status text, error text,
                                        code int, type text, ids uuid[])
    RETURNS TABLE (delivery_id uuid, endpoint_id uuid, event_id uuid, arrived boolean, replaced boolean) LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF ids IS NOT NULL THEN
        RETURN QUERY
        SELECT d.id, d.endpoint_id, d.event_id, d.status = 'succeeded', d.redelivered_as IS NOT NULL FROM delivery d
        WHERE d.tenant_id = tenant AND d.id >= uuid_at(replay_matching.since) AND d.id = ANY (ids);
        RETURN;
    END IF;
    RETURN QUERY
    SELECT d.id, d.endpoint_id, d.event_id, d.status = 'succeeded', false FROM delivery d
    WHERE d.tenant_id = tenant AND d.id >= uuid_at(replay_matching.since) AND d.id < uuid_at(replay_matching.until)
      AND d.redelivered_as IS NULL
      AND (endpoint IS NULL OR d.endpoint_id = endpoint)
      AND CASE WHEN replay_matching.status IS NULL
               THEN d.status IN ('exhausted', 'quarantined') OR (d.status IN ('ready', 'held') AND d.attempts > 0)
               ELSE d.status = replay_matching.status END
      AND (replay_matching.error IS NULL OR coalesce(d.last_error, '') = replay_matching.error)
      AND (replay_matching.code IS NULL OR coalesce(d.last_status, 0) = replay_matching.code)
      AND (replay_matching.type IS NULL OR d.type = replay_matching.type);
END $$;

-- What a replay would do, counted exactly: how many in all, at how many endpoints, how many at endpoints that do not take
-- them now, how many would be left out, and how many have arrived already and would be sent again.
CREATE FUNCTION hooktop.replay_preview(tenant uuid, since timestamptz, until timestamptz, endpoint uuid, status text, error text,
        code int, type text, ids uuid[], OUT total bigint, OUT endpoints bigint, OUT unverified bigint, OUT paused bigint,
        OUT disabled bigint, OUT removed bigint, OUT purged bigint, OUT replaced bigint, OUT arrived bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM check_tenant(tenant);
    SELECT count(*), count(DISTINCT m.endpoint_id), count(*) FILTER (WHERE NOT m.replaced AND e.status = 'unverified'),
           count(*) FILTER (WHERE NOT m.replaced AND e.status = 'paused'),
           count(*) FILTER (WHERE NOT m.replaced AND e.status = 'disabled'),
           count(*) FILTER (WHERE NOT m.replaced AND e.status = 'removed'),
           count(*) FILTER (WHERE NOT m.replaced AND e.status <> 'removed' AND v.data IS NULL),
           count(*) FILTER (WHERE m.replaced),
           count(*) FILTER (WHERE NOT m.replaced AND e.status <> 'removed' AND v.data IS NOT NULL AND m.arrived)
    INTO replay_preview.total, replay_preview.endpoints, replay_preview.unverified, replay_preview.paused, replay_preview.disabled,
         replay_preview.removed, replay_preview.purged, replay_preview.replaced, replay_preview.arrived
    FROM replay_matching(tenant, replay_preview.since, replay_preview.until, endpoint, replay_preview.status, replay_preview.error,
                         replay_preview.code, replay_preview.type, ids) m
    JOIN endpoint e ON e.id = m.endpoint_id AND e.tenant_id = tenant
    LEFT JOIN event v ON v.id = m.event_id AND v.tenant_id = tenant;
END $$;

-- replays: working them off ------------------------------------------------------------------------------------------------
-- Queues the next of one replay, up to `most`: all that is due within six seconds, spread by its rate, so that the pace does not
-- depend on how often this is called. Returns how many it looked at; 0: what is left is being sent just now, later.
CREATE FUNCTION hooktop.replay_queue(r hooktop.replay, most int) RETURNS int LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    i record;
    done record;
    due timestamptz := greatest(r.next_at, clock_timestamp());
    room int := greatest(0, least(most, ceil(extract(epoch FROM clock_timestamp() + interval '6 s' - due) * r.rate_per_s)));
    looked int := 0;
    n_made bigint := 0;
    n_left bigint := 0;
BEGIN
    FOR i IN SELECT x.delivery_id, x.again FROM replay_item x WHERE x.replay_id = r.id AND x.tenant_id = r.tenant_id AND x.state = 'waiting'
             ORDER BY x.delivery_id LIMIT room LOOP
        SELECT * INTO done FROM redeliver_row(r.tenant_id, i.delivery_id, due, true, i.again);
        looked := looked + 1;
        CONTINUE WHEN done.left_out = 'sending';
        UPDATE replay_item x SET state = coalesce(done.left_out, 'queued'), made = done.made
        WHERE x.replay_id = r.id AND x.tenant_id = r.tenant_id AND x.delivery_id = i.delivery_id;
        IF done.made IS NULL THEN
            n_left := n_left + 1;
        ELSE
            n_made := n_made + 1;
            due := due + interval '1 s' / r.rate_per_s;
        END IF;
    END LOOP;
    UPDATE replay x SET queued = x.queued + n_made, skipped = x.skipped + n_left, next_at = due,
        state = CASE WHEN x.queued + n_made + x.skipped + n_left = x.total THEN 'sending' ELSE x.state END
    WHERE x.id = r.id AND x.tenant_id = r.tenant_id;
    IF n_made > 0 THEN
        PERFORM wake(coalesce(r.endpoint_id, r.id));
    END IF;
    RETURN CASE WHEN n_made + n_left = 0 THEN 0 ELSE looked END;
END $$;

-- Follows what was queued, in its order, past all that was tried, or waits no longer; up to `most`. So each is looked at once,
-- and not again while one before it is on its way. With the last of them the replay is finished. Returns how many it looked at.
CREATE FUNCTION hooktop.replay_follow(tenant uuid, replay uuid, most int) RETURNS int LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    r replay;
    i record;
    looked int := 0;
BEGIN
    SELECT * INTO r FROM replay x WHERE x.id = replay_follow.replay AND x.tenant_id = tenant;
    FOR i IN SELECT x.delivery_id, x.state, x.made FROM replay_item x
             WHERE x.tenant_id = tenant AND x.replay_id = r.id AND x.delivery_id > r.followed ORDER BY x.delivery_id LIMIT most LOOP
        looked := looked + 1;
        EXIT WHEN i.state = 'waiting' OR EXISTS (SELECT FROM delivery d WHERE d.id = i.made AND d.tenant_id = tenant
                                                                          AND d.status = 'ready' AND d.attempts = 0);
        r.followed := i.delivery_id;
    END LOOP;
    UPDATE replay x SET followed = r.followed WHERE x.id = r.id AND x.tenant_id = tenant AND x.followed <> r.followed;
    IF r.state = 'sending' AND NOT EXISTS (SELECT FROM replay_item x WHERE x.tenant_id = tenant AND x.replay_id = r.id
                                                                      AND x.delivery_id > r.followed) THEN
        UPDATE replay x SET state = 'finished', ended_at = clock_timestamp() WHERE x.id = r.id AND x.tenant_id = tenant;
        PERFORM audit_add(tenant, 'replay.finished', r.id::text, NULL, json_build_object(
            'total', r.total, 'queued', r.queued, 'left_out', r.skipped));
        RETURN 0;
    END IF;
    RETURN looked;
END $$;

-- A step of one replay, up to `most`, in one transaction, under a lock on the replay: killed at any point, none is done twice
-- and none is lost. Returns how many it looked at.
CREATE FUNCTION hooktop.replay_advance(tenant uuid, replay uuid, most int) RETURNS int LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    r replay;
    looked int := 0;
BEGIN
    SELECT * INTO r FROM replay x WHERE x.id = replay_advance.replay AND x.tenant_id = tenant AND x.state IN ('running', 'sending')
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    IF r.state = 'running' THEN
        looked := replay_queue(r, most);
    END IF;
    RETURN greatest(looked, replay_follow(tenant, r.id, most));
END $$;

-- For workers: a step of every replay that is under way, or of as many as a second allows, those first that are due first: what
-- takes longer than the worker's patience would be done in vain. True: there is more to do at once.
CREATE FUNCTION hooktop.replay_step(most int DEFAULT 500) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    r record;
    more boolean := false;
    until timestamptz := clock_timestamp() + interval '1 s';
BEGIN
    FOR r IN SELECT x.tenant_id, x.id FROM replay x WHERE x.state IN ('running', 'sending') ORDER BY x.next_at, x.id LOOP
        IF clock_timestamp() > until THEN
            RETURN true;
        END IF;
        BEGIN
            more := replay_advance(r.tenant_id, r.id, most) >= most OR more;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            NULL; -- later; the others need not wait for it
        END;
    END LOOP;
    RETURN more;
END $$;

-- replays: what operators do -----------------------------------------------------------------------------------------------
CREATE FUNCTION hooktop.replay_start(tenant uuid, since timestamptz, until timestamptz, endpoint uuid, status text, error text,
                                     code int, type text, rate float8, reason text, ids uuid[] DEFAULT NULL) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    made uuid := uuid7();
    n bigint;
BEGIN
    PERFORM check_tenant(tenant);
    IF rate IS NULL OR rate <= 0 OR rate > 10000 THEN
        PERFORM fail('input', 'a replay''s rate is more than 0 and at most 10000 per second', NULL);
    ELSIF replay_start.since >= replay_start.until THEN
        PERFORM fail('input', 'its beginning is not before its end', NULL);
    ELSIF replay_start.status NOT IN ('held', 'ready', 'succeeded', 'exhausted', 'quarantined', 'cancelled') THEN
        PERFORM fail('input', format('"%s" is no status that can be replayed', left(replay_start.status, 40)),
                     'one of held, ready, succeeded, exhausted, quarantined, cancelled');
    END IF;
    INSERT INTO replay (id, tenant_id, since, until, endpoint_id, status, error, code, type, chosen, rate_per_s, reason)
    VALUES (made, tenant, replay_start.since, replay_start.until, endpoint, replay_start.status, replay_start.error,
            replay_start.code, replay_start.type, ids IS NOT NULL, rate, replay_start.reason);
    INSERT INTO replay_item (tenant_id, replay_id, delivery_id, again)
    SELECT tenant, made, m.delivery_id, m.arrived FROM replay_matching(tenant, replay_start.since, replay_start.until, endpoint,
        replay_start.status, replay_start.error, replay_start.code, replay_start.type, ids) m;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n = 0 THEN
        PERFORM fail('state', 'nothing matches: there is nothing to redeliver', 'hooktop replay --dry-run counts');
    END IF;
    UPDATE replay x SET total = n WHERE x.id = made AND x.tenant_id = tenant;
    PERFORM audit_add(tenant, 'replay.started', made::text, reason, json_build_object('total', n, 'rate', rate,
        'since', at_text(replay_start.since), 'until', at_text(replay_start.until), 'endpoint', endpoint,
        'status', replay_start.status, 'error', replay_start.error, 'code', replay_start.code, 'type', replay_start.type, 'chosen', ids IS NOT NULL));
    -- ended ones are kept as long as anybody may ask for their tally
    DELETE FROM replay x WHERE x.tenant_id = tenant AND x.ended_at < clock_timestamp() - interval '90 days';
    PERFORM replay_advance(tenant, made, 100);
    RETURN made;
END $$;

-- rate: NULL leaves it as it is, and when the next is due; at another one that is after what is queued, at most six seconds from now.
CREATE FUNCTION hooktop.replay_change(tenant uuid, id uuid, wanted text, reason text, rate float8) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    r replay;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT * INTO r FROM replay x WHERE x.id = replay_change.id AND x.tenant_id = tenant FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no replay %s', id), 'hooktop replay list shows them');
    ELSIF r.state IN ('finished', 'cancelled') THEN
        PERFORM fail('state', format('the replay is %s already', r.state), NULL);
    ELSIF r.state = 'sending' THEN
        PERFORM fail('state', 'all of the replay is queued already', 'hooktop delivery cancel takes back what waits');
    ELSIF r.state = wanted THEN
        PERFORM fail('state', format('the replay is %s already', r.state), NULL);
    ELSIF wanted NOT IN ('running', 'paused', 'cancelled') THEN
        PERFORM fail('input', format('a replay cannot be made %s', wanted), NULL);
    ELSIF rate <= 0 OR rate > 10000 THEN
        PERFORM fail('input', 'a replay''s rate is more than 0 and at most 10000 per second', NULL);
    END IF;
    UPDATE replay x SET state = wanted, rate_per_s = coalesce(rate, x.rate_per_s), ended_at = CASE wanted WHEN 'cancelled' THEN clock_timestamp() END,
                        next_at = CASE WHEN rate IS NULL THEN greatest(x.next_at, clock_timestamp())
                                       ELSE least(greatest(x.next_at, clock_timestamp()), clock_timestamp() + interval '6 s') END
    WHERE x.id = r.id AND x.tenant_id = tenant;
    PERFORM audit_add(tenant, 'replay.' || CASE wanted WHEN 'running' THEN 'resumed' ELSE wanted END, r.id::text, reason,
                      json_build_object('queued', r.queued, 'of', r.total, 'rate', coalesce(rate, r.rate_per_s)));
    IF wanted = 'running' THEN
        PERFORM replay_advance(tenant, r.id, 100);
    END IF;
END $$;

-- What became of it, word by word: of what was queued where it stands now, of the rest why not; and how many of these were tried
-- at least once. It reads all of the replay. Runs as its caller.
CREATE FUNCTION hooktop.replay_tally(replay uuid) RETURNS TABLE (outcome text, n bigint, sent bigint) LANGUAGE sql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT CASE i.state WHEN 'queued' THEN CASE WHEN d.status = 'ready' THEN CASE WHEN d.attempts > 0 THEN 'retrying' ELSE 'on its way' END
                                                ELSE coalesce(d.status, 'gone') END
                        WHEN 'waiting' THEN 'not queued' ELSE 'left out: ' || i.state END,
           count(*), count(*) FILTER (WHERE d.attempts > 0)
    FROM replay r JOIN replay_item i ON i.tenant_id = r.tenant_id AND i.replay_id = r.id
    LEFT JOIN delivery d ON d.id = i.made AND d.tenant_id = i.tenant_id
    WHERE r.id = $1 GROUP BY 1 ORDER BY 2 DESC, 1
$$;

GRANT SELECT ON hooktop.replay, hooktop.replay_item TO hooktop_viewer;
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['replay', 'replay_item'] LOOP
        EXECUTE format('ALTER TABLE hooktop.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE hooktop.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON hooktop.%I TO hooktop_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY people ON hooktop.%I FOR SELECT TO hooktop_viewer USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()))', t);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION hooktop.redeliver_row(uuid, uuid, timestamptz, boolean, boolean), hooktop.redeliver(uuid, uuid, text),
    hooktop.event_deliver(uuid, uuid, uuid, text), hooktop.replay_matching(uuid, timestamptz, timestamptz, uuid, text, text, int, text, uuid[]),
    hooktop.replay_preview(uuid, timestamptz, timestamptz, uuid, text, text, int, text, uuid[]),
    hooktop.replay_queue(hooktop.replay, int), hooktop.replay_follow(uuid, uuid, int), hooktop.replay_advance(uuid, uuid, int),
    hooktop.replay_step(int),
    hooktop.replay_start(uuid, timestamptz, timestamptz, uuid, text, text, int, text, float8, text, uuid[]),
    hooktop.replay_change(uuid, uuid, text, text, float8), hooktop.replay_tally(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.redeliver(uuid, uuid, text), hooktop.event_deliver(uuid, uuid, uuid, text),
    hooktop.replay_preview(uuid, timestamptz, timestamptz, uuid, text, text, int, text, uuid[]),
    hooktop.replay_start(uuid, timestamptz, timestamptz, uuid, text, text, int, text, float8, text, uuid[]),
    hooktop.replay_change(uuid, uuid, text, text, float8) TO hooktop_support;
GRANT EXECUTE ON FUNCTION hooktop.replay_tally(uuid) TO hooktop_viewer;
GRANT EXECUTE ON FUNCTION hooktop.replay_step(int) TO hooktop_worker;

RESET ROLE;
