-- The worker's side, first half: what waits, taking it, keeping it.
SET ROLE hooktop_owner;

-- What runs for workers must keep its plan whatever the statistics say, or do not say yet: it finds rows by index, one
-- after another. Every function here says so by SET, and asks so that one index alone can serve.

-- Deliveries that change their status together, outside of a settlement.
CREATE FUNCTION hooktop.set_status(tenant uuid, deliveries uuid[], status text, reason text) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    first uuid; -- what lies between the two shows which partitions to look into
    last uuid;
BEGIN
    SELECT (array_agg(x ORDER BY x))[1], (array_agg(x ORDER BY x DESC))[1] INTO first, last FROM unnest(deliveries) x;
    UPDATE delivery d SET status = set_status.status, reason = set_status.reason
    WHERE d.id = ANY (deliveries) AND d.id BETWEEN first AND last
      AND d.tenant_id IS NOT DISTINCT FROM tenant; -- by no index: one that begins with the tenant is none to find an id by
END $$;

-- Why a delivery ends that an operator cancelled while a worker had it.
CREATE FUNCTION hooktop.cancelled_meanwhile() RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, hooktop, pg_temp
    AS $$ SELECT 'cancelled by an operator while it was being sent' $$;

-- Of rows that are free again what an operator cancelled while a worker had them that did not settle: it is not sent again.
CREATE FUNCTION hooktop.take_back(rows_at tid[]) RETURNS void LANGUAGE sql SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH o AS (
        DELETE FROM tenant_webhook_outbox o WHERE o.ctid = ANY (rows_at) AND o.wish = 'cancel' RETURNING o.tenant_id, o.delivery_id
    )
    SELECT set_status(o.tenant_id, array_agg(o.delivery_id), 'cancelled', cancelled_meanwhile()) FROM o GROUP BY o.tenant_id
$$;

-- Moves what an endpoint has waiting, and nobody has leased, out of the outbox, `most` rows at a time: what is more follows
-- when waiting() comes by, what is leased when it settles. The caller has locked the endpoint's row, so that nobody makes it
-- active meanwhile and leaves rows behind in `held`.
CREATE FUNCTION hooktop.hold_rows(tenant uuid, endpoint uuid, why text, most int DEFAULT 50000) RETURNS bigint LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
    SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    now_at timestamptz := clock_timestamp();
    moved uuid[];
    unwanted uuid[];
BEGIN
    WITH o AS (
        DELETE FROM tenant_webhook_outbox o
        WHERE o.ctid = ANY (ARRAY(
            SELECT x.ctid FROM tenant_webhook_outbox x
            WHERE x.endpoint_id = endpoint AND x.tenant_id = tenant AND (x.lease_until IS NULL OR x.lease_until <= now_at)
            ORDER BY x.due_at LIMIT most FOR UPDATE SKIP LOCKED))
        RETURNING *
    ), h AS (
        INSERT INTO held (tenant_id, endpoint_id, delivery_id, event_id, due_at, attempts, body_version)
        SELECT tenant_id, endpoint_id, delivery_id, event_id, coalesce(not_before, due_at), attempts, body_version FROM o
        WHERE wish IS NULL
        ON CONFLICT DO NOTHING
    )
    SELECT array_agg(delivery_id) FILTER (WHERE wish IS NULL), array_agg(delivery_id) FILTER (WHERE wish = 'cancel')
    INTO moved, unwanted FROM o;
    PERFORM set_status(tenant, moved, 'held', why);
    PERFORM set_status(tenant, unwanted, 'cancelled', cancelled_meanwhile());
    RETURN coalesce(cardinality(moved), 0);
END $$;

-- Rows of an endpoint that is not active (an emit that raced with its pause) are put where they belong.
CREATE FUNCTION hooktop.put_aside(tenant uuid, endpoint uuid) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e record;
BEGIN
    SELECT p.status, coalesce(p.status_reason, 'endpoint is ' || p.status) AS why INTO e FROM endpoint p
    WHERE p.id = endpoint AND p.tenant_id = tenant AND p.status <> 'active' FOR NO KEY UPDATE SKIP LOCKED;
    IF FOUND THEN
        PERFORM hold_rows(tenant, endpoint, e.why, 2000);
        IF e.status = 'removed' THEN
            PERFORM cancel_held(tenant, endpoint, e.why);
        END IF;
    END IF;
END $$;

-- Endpoints after `from_endpoint` that have rows waiting, by a loose scan of the due index: one step per endpoint. `due_at` is
-- when the first of them can be claimed, `floor_at` the due time of the first, claimable or not. `known` (ascending) and
-- `floors` are for when dead entries lie before the rows and cannot be cleared away, because a transaction elsewhere keeps
-- them: there is nothing to be found of a known endpoint before its floor.
-- One statement for all of them, since one for each would cost several times as much as what it does.
CREATE FUNCTION hooktop.waiting(from_endpoint uuid, max int, known uuid[], floors timestamptz[])
    RETURNS TABLE (tenant_id uuid, endpoint_id uuid, due_at timestamptz, floor_at timestamptz, in_flight_max int, version int,
                   first_attempt boolean, db_now timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
    SET enable_material = off SET jit = off SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    now_at timestamptz := clock_timestamp();
    state text;
BEGIN
    FOR tenant_id, endpoint_id, due_at, floor_at, in_flight_max, version, first_attempt, state IN
        WITH RECURSIVE step AS (
            -- behind `last` the known[k] comes next; the first row of the endpoint that was stepped on, if it has any
            SELECT from_endpoint AS last, (SELECT count(*)::int + 1 FROM unnest(known) x WHERE x <= from_endpoint) AS k,
                   NULL::uuid AS tenant_id, NULL::uuid AS endpoint_id, NULL::timestamptz AS due_at, NULL::smallint AS attempts,
                   NULL::timestamptz AS lease_until, NULL::timestamptz AS not_before
            UNION ALL
            SELECT coalesce(o.endpoint_id, known[s.k]), CASE WHEN o.endpoint_id < known[s.k] THEN s.k ELSE s.k + 1 END,
                   o.tenant_id, o.endpoint_id, o.due_at, o.attempts, o.lease_until, o.not_before
            FROM step s LEFT JOIN LATERAL (
                SELECT n.* FROM (
                    (SELECT x.* FROM tenant_webhook_outbox x
                     WHERE x.endpoint_id > s.last AND x.endpoint_id < coalesce(known[s.k], 'ffffffff-ffff-ffff-ffff-ffffffffffff')
                     ORDER BY x.endpoint_id, x.due_at LIMIT 1)
                    UNION ALL
                    (SELECT x.* FROM tenant_webhook_outbox x
                     WHERE x.endpoint_id = known[s.k] AND x.due_at >= floors[s.k] ORDER BY x.due_at LIMIT 1)) n
                ORDER BY n.endpoint_id LIMIT 1) o ON true
            WHERE o.endpoint_id IS NOT NULL OR known[s.k] IS NOT NULL
        )
        SELECT s.tenant_id, s.endpoint_id, greatest(f.free_at, h.open_until, h.rate_from + interval '1 s' / p.rate_per_s), s.due_at,
               p.in_flight_max, p.version, s.attempts = 0, p.status
        FROM (SELECT x.*, greatest(x.due_at, x.not_before, x.lease_until) AS free_at FROM step x WHERE x.endpoint_id IS NOT NULL LIMIT max) s
        LEFT JOIN LATERAL (
            SELECT x.* FROM endpoint x WHERE x.id = s.endpoint_id AND x.tenant_id = s.tenant_id OFFSET 0) p ON true
        LEFT JOIN LATERAL (
            SELECT x.* FROM endpoint_health x WHERE x.endpoint_id = s.endpoint_id AND x.tenant_id = s.tenant_id OFFSET 0) h ON true
        CROSS JOIN LATERAL (
            SELECT CASE WHEN s.free_at <= now_at OR s.due_at > now_at OR p.in_flight_max = 1 THEN s.free_at
                        -- the first is taken: perhaps not all that follow are
                        WHEN count(*) = least(p.in_flight_max + 1, 20) AND min(y.free_at) > now_at THEN s.due_at
                        ELSE min(y.free_at) END AS free_at
            FROM (SELECT greatest(x.due_at, x.not_before, x.lease_until) AS free_at FROM tenant_webhook_outbox x
                  WHERE s.free_at > now_at AND s.due_at <= now_at AND p.in_flight_max > 1
                    AND x.endpoint_id = s.endpoint_id AND x.due_at >= s.due_at
                  ORDER BY x.due_at LIMIT least(p.in_flight_max + 1, 20)) y) f
    LOOP
        IF state = 'active' THEN
            db_now := clock_timestamp();
            RETURN NEXT;
        ELSE
            PERFORM put_aside(tenant_id, endpoint_id);
        END IF;
    END LOOP;
END $$;

-- How much is past due or leased, counted up to 100,000. What stands behind a retry that is not due yet, at an endpoint
-- that is delivered strictly in order, is no more due than that; nor is what its endpoint's breaker keeps back.
CREATE FUNCTION hooktop.backlog() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp SET jit = off AS $$
    SELECT count(*) FROM (
        SELECT FROM tenant_webhook_outbox o
        WHERE o.lease_until > clock_timestamp()
           OR (o.due_at <= clock_timestamp() AND o.endpoint_id NOT IN (
               SELECT h.endpoint_id FROM endpoint_health h WHERE h.open_until > clock_timestamp()
               UNION ALL
               SELECT e.id FROM endpoint e
               WHERE e.in_flight_max = 1 AND (SELECT x.not_before FROM tenant_webhook_outbox x WHERE x.endpoint_id = e.id
                                              ORDER BY x.due_at LIMIT 1) > clock_timestamp()))
        LIMIT 100000) x
$$;

-- What a breaker that is half open and a rate allow of the rooms: one probe, for whoever comes first, and what the rate has
-- saved up. Asked of rows that are locked, so of the newest whatever the caller has seen; where a settlement has one at this
-- moment there is no room, since waiting for it with an endpoint in hand could be waiting for each other.
CREATE FUNCTION hooktop.allowed_rooms(now_at timestamptz, until timestamptz, who uuid[], rooms int[], probed uuid[], metered uuid[])
    RETURNS int[] LANGUAGE plpgsql AS $$
DECLARE
    ours uuid[];
    won uuid[];
BEGIN
    IF metered IS NOT NULL THEN
        INSERT INTO endpoint_health (endpoint_id, tenant_id) SELECT p.id, p.tenant_id FROM endpoint p
        WHERE p.id = ANY (metered) AND NOT EXISTS (SELECT FROM endpoint_health h WHERE h.endpoint_id = p.id AND h.tenant_id = p.tenant_id)
        ON CONFLICT DO NOTHING;
    END IF;
    SELECT coalesce(array_agg(x.endpoint_id), '{}') INTO ours
    FROM (SELECT h.endpoint_id FROM endpoint_health h WHERE h.endpoint_id = ANY (probed || metered) FOR NO KEY UPDATE SKIP LOCKED) x;
    WITH u AS (
        UPDATE endpoint_health h SET probing = true, open_until = until
        WHERE h.endpoint_id = ANY (probed) AND h.endpoint_id = ANY (ours) AND h.open_until <= now_at RETURNING h.endpoint_id
    ) SELECT coalesce(array_agg(u.endpoint_id), '{}') INTO won FROM u;
    RETURN (
        SELECT array_agg(least(w.room, CASE
                   WHEN w.endpoint = ANY (probed) AND w.endpoint <> ALL (won) THEN 0
                   WHEN w.endpoint = ANY (metered) AND w.endpoint <> ALL (ours) THEN 0
                   WHEN w.endpoint = ANY (won) THEN least(1, t.tokens) ELSE t.tokens END)::int ORDER BY w.i)
        FROM unnest(who, rooms) WITH ORDINALITY w (endpoint, room, i) LEFT JOIN LATERAL (
            SELECT floor(rate_tokens(h.rate_from, p.rate_per_s, now_at)) AS tokens FROM endpoint p
            JOIN endpoint_health h ON h.endpoint_id = p.id AND h.tenant_id = p.tenant_id
            WHERE p.id = w.endpoint AND p.id = ANY (metered)) t ON true);
END $$;

-- How many requests a rate has saved up: a tenth of a second's, at least one.
CREATE FUNCTION hooktop.rate_tokens(since timestamptz, rate float8, now_at timestamptz) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT least(greatest(1, rate * 0.1), greatest(0, extract(epoch FROM now_at - coalesce(since, 'epoch'))::float8 * rate))
$$;

-- Takes what was claimed from what the rates have saved up; where there was nothing to probe with, the next may.
CREATE FUNCTION hooktop.charge_rooms(now_at timestamptz, until timestamptz, probed uuid[], metered uuid[], rows_at tid[])
    RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE endpoint_health h SET rate_from = now_at - (rate_tokens(h.rate_from, p.rate_per_s, now_at) - n.n) / p.rate_per_s * interval '1 s'
    FROM (SELECT o.endpoint_id, count(*) AS n FROM tenant_webhook_outbox o WHERE o.ctid = ANY (rows_at) GROUP BY 1) n
    JOIN endpoint p ON p.id = n.endpoint_id
    WHERE h.endpoint_id = n.endpoint_id AND h.tenant_id = p.tenant_id AND n.endpoint_id = ANY (metered);
    UPDATE endpoint_health h SET probing = false, open_until = now_at
    WHERE h.endpoint_id = ANY (probed) AND h.probing AND h.open_until = until -- the probe is ours
      AND NOT EXISTS (SELECT FROM tenant_webhook_outbox o WHERE o.ctid = ANY (rows_at) AND o.endpoint_id = h.endpoint_id)
      AND NOT EXISTS (SELECT FROM tenant_webhook_outbox o WHERE o.endpoint_id = h.endpoint_id AND o.lease_until > now_at);
END $$;

-- Whether the worker that had a lease lived on: it said goodbye, or that it is there after the half of the lease at which it
-- would have renewed it. False: it died, for somebody else was heard half a lease long while it said nothing. NULL: that cannot be
-- told yet, because nobody was; the database was away, and it may be about to come back.
CREATE FUNCTION hooktop.outlived(worker uuid, lease_until timestamptz, half_lease interval) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN $1 IS NULL THEN false
                WHEN h.id IS NULL OR h.heartbeat_at > $2 - $3 THEN true
                WHEN EXISTS (SELECT FROM hooktop.worker x WHERE x.id <> h.id AND x.heartbeat_at - greatest(x.heard_since, h.heartbeat_at) >= $3)
                THEN false END
    FROM (SELECT) one LEFT JOIN hooktop.worker h ON h.id = $1
$$;

-- Takes rows of the endpoints named. Per endpoint: at most `room`, at most `cap` in flight over all workers, due from `floor`
-- on, oldest first. A cap of 1 means strictly in order: only the first row, and only when it is due and free.
-- Where its breaker is half open one row is taken, by one worker; its rate is kept over all workers.
-- What a claim takes has one lease id in common: a lease is named by it and the delivery.
-- A row whose lease ran out is free again and keeps its attempt number; `claims` tells how often it was taken without
-- being settled, and its data is left out when that says it may be what kills workers. Where the worker that had it lived on,
-- that does not count; before it counts for the second time it must be certain. One that two workers died with is suspect,
-- and so are all that they had in hand: so that it becomes clear which of them it is, a suspect is taken alone, and none while the
-- worker says that it has one. One whose request could be built is renewed as innocent; two have to die with it alone.
-- A worker says that it is there (heartbeat) before it claims. How many requests of its own are in flight (`in_flight`; NULL: as many
-- as it has leases) only it knows, since a lease stays until its result is stored; of the others the leases are counted. Where there
-- can be none, which `claimer` says, nothing is counted: `rooms` is what it has room for. `floor_at` (NULL: not looked at) is the
-- due time of the endpoint's first row. An endpoint that somebody has locked at this moment comes as a row without a delivery: it
-- may have rows all the same.
CREATE FUNCTION hooktop.claim(worker uuid, lease_ms int, tenants uuid[], endpoints uuid[], rooms int[], caps int[],
                              floors timestamptz[], suspect boolean DEFAULT true, in_flight int[] DEFAULT NULL)
    RETURNS TABLE (tenant_id uuid, endpoint_id uuid, delivery_id uuid, lease_id uuid, attempt int, claims int, body_version int,
                   endpoint_version int, due_at timestamptz, event_id uuid, type text, data text, source text, performed_by text,
                   event_name text, workflow text, created_at timestamptz, db_now timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
    SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    now_at timestamptz := clock_timestamp();
    until timestamptz := now_at + lease_ms * interval '1 ms';
    lease uuid := gen_random_uuid(); -- of all that this takes: random numbers are dear
    half_lease interval := lease_ms * interval '0.5 ms';
    who uuid[];
    room_of int[];
    cap_of int[];
    own_of int[];
    floor_of timestamptz[];
    version_of int[];
    in_order boolean;
    probed uuid[];
    metered uuid[];
    counted uuid[];
    claimers uuid[];
    rows_at tid[];
    versions int[];
    events uuid[]; -- ascending: of its two ends follow the partitions to look into
    strikes int[];
    more_rows tid[];
    more_versions int[];
    more_events uuid[];
    more_strikes int[];
    wished boolean;
    more_wished boolean;
BEGIN
    -- Active, its breaker not open, and nobody else is claiming for it at this moment: else two would find the same room.
    SELECT array_agg(x.id), array_agg(x.room), array_agg(x.cap), array_agg(x.own), array_agg(x.floor_at), array_agg(x.version),
           bool_or(x.cap = 1), array_agg(x.id) FILTER (WHERE x.trips > 0), array_agg(x.id) FILTER (WHERE x.rate_per_s > 0)
    INTO who, room_of, cap_of, own_of, floor_of, version_of, in_order, probed, metered
    FROM (SELECT p.id, p.version, w.room, least(w.cap, p.in_flight_max) AS cap, w.own, w.floor_at, p.rate_per_s, h.trips
          FROM unnest(tenants, endpoints, rooms, caps, floors, in_flight) AS w (tenant, endpoint, room, cap, floor_at, own)
          JOIN endpoint p ON p.id = w.endpoint AND p.tenant_id = w.tenant
          LEFT JOIN endpoint_health h ON h.endpoint_id = p.id AND h.tenant_id = p.tenant_id
          WHERE p.status = 'active' AND w.room > 0 AND (h.open_until IS NULL OR h.open_until <= now_at)
          FOR NO KEY UPDATE OF p SKIP LOCKED) x;
    IF coalesce(cardinality(who), 0) < cardinality(endpoints) THEN
        RETURN QUERY
        SELECT p.tenant_id, p.id, NULL::uuid, NULL::uuid, NULL::int, NULL::int, NULL::int, p.version, NULL::timestamptz, NULL::uuid, NULL,
               NULL, NULL, NULL, NULL, NULL, NULL::timestamptz, now_at
        FROM unnest(tenants, endpoints, rooms) AS w (tenant, endpoint, room)
        JOIN endpoint p ON p.id = w.endpoint AND p.tenant_id = w.tenant
        LEFT JOIN endpoint_health h ON h.endpoint_id = p.id AND h.tenant_id = p.tenant_id
        WHERE p.status = 'active' AND w.room > 0 AND (h.open_until IS NULL OR h.open_until <= now_at)
          AND (who IS NULL OR p.id <> ALL (who));
    END IF;
    IF probed IS NOT NULL OR metered IS NOT NULL THEN
        room_of := allowed_rooms(now_at, until, who, room_of, probed, metered);
    END IF;
    -- Read anew: whoever held the endpoint until a moment ago may have changed what this one's rows have been leased to.
    -- What is leased is the oldest. Where nothing but leases is seen there may be more of them, and there is no room.
    SELECT array_agg(x.room ORDER BY x.i), array_agg(x.endpoint) FILTER (WHERE x.counted AND x.room > 0),
           array_agg(CASE WHEN x.others = 0 THEN claim.worker END) FILTER (WHERE x.counted AND x.room > 0)
    INTO room_of, counted, claimers
    FROM (SELECT w.i, w.endpoint, c.worker_id IS DISTINCT FROM claim.worker AS counted, f.others,
                 CASE WHEN c.worker_id = claim.worker THEN w.room
                      WHEN f.leased < 2 * w.cap + 32 THEN least(w.room, w.cap - f.others - coalesce(w.own, f.leased - f.others))
                      ELSE 0 END::int AS room
          FROM unnest(who, room_of, cap_of, own_of, floor_of) WITH ORDINALITY AS w (endpoint, room, cap, own, floor_at, i)
          LEFT JOIN LATERAL (SELECT x.worker_id FROM claimer x WHERE x.endpoint_id = w.endpoint OFFSET 0) c ON true
          CROSS JOIN LATERAL (
              SELECT count(*) AS leased, count(*) FILTER (WHERE y.worker_id <> claim.worker) AS others
              FROM (SELECT o.lease_until, o.worker_id FROM tenant_webhook_outbox o
                    WHERE c.worker_id IS DISTINCT FROM claim.worker
                      AND o.endpoint_id = w.endpoint AND o.due_at >= w.floor_at AND o.due_at <= now_at
                    ORDER BY o.due_at LIMIT 2 * w.cap + 32) y
              WHERE y.lease_until > now_at) f) x;
    IF counted IS NOT NULL THEN
        INSERT INTO claimer AS c (endpoint_id, tenant_id, worker_id)
        SELECT p.id, p.tenant_id, w.worker FROM unnest(counted, claimers) AS w (endpoint, worker) JOIN endpoint p ON p.id = w.endpoint
        ON CONFLICT (endpoint_id, tenant_id) DO UPDATE SET worker_id = excluded.worker_id
        WHERE c.worker_id IS DISTINCT FROM excluded.worker_id;
    END IF;
    SELECT array_agg(x.row_at), array_agg(w.version), array_agg(x.event_id), array_agg(x.strikes), bool_or(x.wished)
    INTO rows_at, versions, events, strikes, wished
    FROM unnest(who, room_of, cap_of, floor_of, version_of) AS w (endpoint, room, cap, floor_at, version)
    CROSS JOIN LATERAL (
        SELECT o.ctid AS row_at, o.event_id, o.wish IS NOT NULL AS wished,
               CASE WHEN o.claims > 0 AND outlived(o.worker_id, o.lease_until, half_lease) THEN o.claims - 1 ELSE o.claims END AS strikes
        FROM tenant_webhook_outbox o
        WHERE o.endpoint_id = w.endpoint AND o.due_at >= w.floor_at AND o.due_at <= now_at
          AND (o.lease_until IS NULL OR o.lease_until <= now_at) AND (o.not_before IS NULL OR o.not_before <= now_at)
          AND (o.claims < 2 OR outlived(o.worker_id, o.lease_until, half_lease) IS NOT NULL)
        ORDER BY o.due_at LIMIT w.room FOR UPDATE SKIP LOCKED) x
    WHERE w.cap > 1 AND w.room > 0;
    IF in_order THEN
        SELECT array_agg(x.row_at), array_agg(w.version), array_agg(x.event_id), array_agg(x.strikes), bool_or(x.wished)
        INTO more_rows, more_versions, more_events, more_strikes, more_wished
        FROM unnest(who, room_of, cap_of, floor_of, version_of) AS w (endpoint, room, cap, floor_at, version)
        CROSS JOIN LATERAL (
            SELECT o.ctid AS row_at, o.event_id, o.wish IS NOT NULL AS wished,
                   CASE WHEN o.claims > 0 AND outlived(o.worker_id, o.lease_until, half_lease) THEN o.claims - 1 ELSE o.claims END AS strikes
            FROM tenant_webhook_outbox o
            WHERE o.ctid = (SELECT y.ctid FROM tenant_webhook_outbox y
                            WHERE y.endpoint_id = w.endpoint ORDER BY y.due_at LIMIT 1) -- also before the floor
              AND o.due_at <= now_at
              AND (o.lease_until IS NULL OR o.lease_until <= now_at) AND (o.not_before IS NULL OR o.not_before <= now_at)
              AND (o.claims < 2 OR outlived(o.worker_id, o.lease_until, half_lease) IS NOT NULL)
            FOR UPDATE SKIP LOCKED) x
        WHERE w.cap = 1;
        rows_at := rows_at || more_rows;
        versions := versions || more_versions;
        events := events || more_events;
        strikes := strikes || more_strikes;
    END IF;
    IF wished OR more_wished THEN
        PERFORM take_back(rows_at);
    END IF;
    IF 2 <= ANY (strikes) THEN
        SELECT array_agg(x.row_at), array_agg(x.version), array_agg(x.event_id), array_agg(x.strikes)
        INTO rows_at, versions, events, strikes
        FROM (SELECT r.row_at, r.version, r.event_id, r.strikes
              FROM unnest(rows_at, versions, events, strikes) WITH ORDINALITY AS r (row_at, version, event_id, strikes, i)
              WHERE (r.strikes >= 2) = suspect ORDER BY r.i LIMIT CASE WHEN suspect THEN 1 END) x;
    END IF;
    IF probed IS NOT NULL OR metered IS NOT NULL THEN
        PERFORM charge_rooms(now_at, until, probed, metered, rows_at);
    END IF;
    IF rows_at IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(x ORDER BY x) INTO events FROM unnest(events) x;
    RETURN QUERY
    WITH got AS MATERIALIZED (
        UPDATE tenant_webhook_outbox o
        SET lease_id = lease, lease_until = until, worker_id = worker, claims = least(r.strikes + 1, 1000)
        FROM (SELECT unnest(rows_at) AS row_at, unnest(versions) AS version, unnest(strikes) AS strikes) r
        WHERE o.ctid = r.row_at
        RETURNING o.tenant_id, o.endpoint_id, o.delivery_id, o.lease_id, o.attempts, o.claims, o.body_version, o.due_at, o.event_id,
                  r.version
    )
    -- An event that is not there any more is treated like one that kills: its delivery is set aside.
    SELECT g.tenant_id, g.endpoint_id, g.delivery_id, g.lease_id, g.attempts + 1, CASE WHEN e.id IS NULL THEN 1000 ELSE g.claims END,
           g.body_version::int, g.version, g.due_at, g.event_id, e.type, CASE WHEN g.claims <= 4 THEN e.data::text END, e.source,
           e.performed_by, e.event_name, e.workflow, e.created_at, now_at
    FROM got g
    -- One after another by its id, whatever the statistics say of a day that has only begun: not the whole range for each row.
    LEFT JOIN LATERAL (
        SELECT x.* FROM event x
        WHERE x.id = g.event_id AND x.tenant_id = g.tenant_id AND x.id BETWEEN events[1] AND events[cardinality(events)] OFFSET 0) e ON true
    ORDER BY g.due_at;
END $$;

-- Endpoints as the engine needs them, and their keys that sign or are about to.
CREATE FUNCTION hooktop.targets(tenants uuid[], endpoints uuid[])
    RETURNS TABLE (tenant_id uuid, endpoint_id uuid, tenant_name text, profile text, url text, description text, status text,
                   version int, timeout_ms int, schedule_s int[], rate_per_s float8, in_flight_max int, source_filter text,
                   workflows text[], header_names text[], headers_sealed bytea, db_now timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT e.tenant_id, e.id, t.name, e.profile, e.url, e.description, e.status, e.version, e.timeout_ms, e.schedule_s,
           e.rate_per_s, e.in_flight_max, e.source_filter, e.workflows, e.header_names, e.headers_sealed,
           clock_timestamp()
    FROM unnest(tenants, endpoints) w (tenant, endpoint)
    JOIN endpoint e ON e.id = w.endpoint AND e.tenant_id = w.tenant JOIN tenant t ON t.id = e.tenant_id
$$;
CREATE FUNCTION hooktop.target_secrets(tenants uuid[], endpoints uuid[])
    RETURNS TABLE (for_endpoint uuid, endpoint_id uuid, tenant_id uuid, id uuid, generation int, state text, signs_from timestamptz,
                   signs_until timestamptz, sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp SET jit = off AS $$
    -- OFFSET 0 keeps the view's window within one endpoint's keys
    SELECT w.endpoint, k.endpoint_id, k.tenant_id, k.id, k.generation, k.state, k.signs_from, k.signs_until,
           CASE k.kind WHEN 'secret' THEN (SELECT s.sealed FROM secret s WHERE s.id = k.id AND s.tenant_id = k.tenant_id)
                ELSE (SELECT s.sealed FROM signing_key s WHERE s.id = k.id AND s.tenant_id = k.tenant_id) END
    FROM unnest(tenants, endpoints) w (tenant, endpoint)
    JOIN endpoint e ON e.id = w.endpoint AND e.tenant_id = w.tenant
    CROSS JOIN LATERAL (
        SELECT x.* FROM key_state x
        WHERE x.tenant_id = w.tenant
          AND x.endpoint_id = ANY (ARRAY[w.endpoint, CASE e.profile WHEN 'instnt' THEN '00000000-0000-0000-0000-000000000000'::uuid END])
        OFFSET 0) k
    WHERE k.state <> 'expired'
    ORDER BY w.endpoint, k.generation DESC
$$;
CREATE FUNCTION hooktop.sealed_secrets(tenant uuid, endpoint uuid)
    RETURNS TABLE (for_endpoint uuid, endpoint_id uuid, tenant_id uuid, id uuid, generation int, state text, signs_from timestamptz,
                   signs_until timestamptz, sealed bytea)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT * FROM target_secrets(ARRAY[tenant], ARRAY[endpoint])
$$;

-- Extends leases that are still ours; returns the deliveries of those that are not. `built`: the worker has made its request and lives.
CREATE FUNCTION hooktop.renew(worker uuid, lease_ms int, deliveries uuid[], leases uuid[], endpoints uuid[], tenants uuid[],
                              built boolean[])
    RETURNS SETOF uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
    SET plan_cache_mode = force_generic_plan SET lock_timeout = '2s' AS $$
DECLARE
    ours uuid[];
BEGIN
    WITH u AS (
        UPDATE tenant_webhook_outbox o SET lease_until = clock_timestamp() + lease_ms * interval '1 ms',
                                           claims = CASE WHEN w.built THEN 1 ELSE o.claims END
        FROM unnest(deliveries, leases, tenants, built) w (delivery, lease, tenant, built)
        WHERE o.delivery_id = w.delivery AND o.tenant_id = w.tenant AND o.lease_id = w.lease
        RETURNING o.delivery_id
    ) SELECT array_agg(u.delivery_id) INTO ours FROM u;
    IF cardinality(ours) IS DISTINCT FROM cardinality(deliveries) THEN
        RETURN QUERY SELECT d FROM unnest(deliveries) d WHERE d <> ALL (coalesce(ours, '{}'));
    END IF;
END $$;

-- Gives leases back as if they had never been taken.
CREATE FUNCTION hooktop.release(worker uuid, deliveries uuid[], leases uuid[], endpoints uuid[], tenants uuid[])
    RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
    SET plan_cache_mode = force_generic_plan SET lock_timeout = '2s' AS $$
BEGIN
    UPDATE tenant_webhook_outbox o
    SET lease_id = NULL, lease_until = NULL, worker_id = NULL, claims = greatest(0, o.claims - 1)
    FROM unnest(deliveries, leases, tenants) w (delivery, lease, tenant)
    WHERE o.delivery_id = w.delivery AND o.tenant_id = w.tenant AND o.lease_id = w.lease;
END $$;

-- A worker says that it lives, and whether it sleeps. `workers` are those of its kind that claim, itself included, and `place`
-- is how many of them stand before it: so they share out the endpoints without asking each other. `maintain`: nobody has
-- maintained for an hour; `replay`: a replay is under way; `compact`: the waiting table has grown out of proportion. It is for
-- this worker to call maintain(), replay_step() or compact_outbox(), apart from this, so that what fails there leaves it alive.
CREATE FUNCTION hooktop.heartbeat(worker uuid, name text, version text, concurrency int, in_console boolean, asleep boolean,
                                  succeeded bigint DEFAULT 0, failed bigint DEFAULT 0, claiming boolean DEFAULT true,
                                  OUT other_worker boolean, OUT workers int, OUT place int, OUT maintain boolean, OUT replay boolean,
                                  OUT compact boolean, OUT db_now timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    db_now := clock_timestamp();
    INSERT INTO worker AS w (id, name, version, concurrency, in_console, asleep, claiming, succeeded, failed)
    VALUES (heartbeat.worker, heartbeat.name, heartbeat.version, heartbeat.concurrency, heartbeat.in_console, heartbeat.asleep,
            heartbeat.claiming, heartbeat.succeeded, heartbeat.failed)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), asleep = excluded.asleep, claiming = excluded.claiming,
        succeeded = excluded.succeeded, failed = excluded.failed,
        succeeded_per_s = greatest(excluded.succeeded - w.succeeded, 0) / greatest(extract(epoch FROM heartbeat.db_now - w.heartbeat_at), 0.1),
        failed_per_s = greatest(excluded.failed - w.failed, 0) / greatest(extract(epoch FROM heartbeat.db_now - w.heartbeat_at), 0.1),
        heard_since = CASE WHEN w.heartbeat_at < heartbeat.db_now - interval '10 s' THEN heartbeat.db_now ELSE w.heard_since END;
    other_worker := EXISTS (SELECT FROM worker w WHERE w.id <> heartbeat.worker AND NOT w.in_console
                                                   AND w.heartbeat_at > heartbeat.db_now - interval '15 s');
    SELECT count(*), count(*) FILTER (WHERE w.id < heartbeat.worker) INTO workers, place FROM worker w
    WHERE w.in_console = heartbeat.in_console AND w.heartbeat_at > heartbeat.db_now - interval '15 s'
      AND (w.claiming OR w.id = heartbeat.worker);
    -- producers wake it while it says so, or until its next heartbeat is long due
    IF asleep THEN
        PERFORM setval('asleep_until', (date_part('epoch', db_now) * 1000)::bigint + 10000);
    ELSIF NOT EXISTS (SELECT FROM worker w WHERE w.asleep AND w.heartbeat_at > heartbeat.db_now - interval '10 s') THEN
        PERFORM setval('asleep_until', 1) FROM asleep_until s WHERE s.last_value > 1;
    END IF;
    maintain := NOT EXISTS (SELECT FROM worker w WHERE w.maintained_at > heartbeat.db_now - interval '1 h');
    replay := EXISTS (SELECT FROM replay r WHERE r.state IN ('running', 'sending'));
    compact := (date_part('epoch', db_now) * 1000)::bigint > coalesce(pg_sequence_last_value('compact_after'), 0) AND outbox_sparse();
END $$;
-- A worker leaves; consoles are told of what it settled last.
CREATE FUNCTION hooktop.goodbye(worker uuid) RETURNS void LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    DELETE FROM worker w WHERE w.id = $1;
    SELECT pg_notify('hooktop_log', '')
$$;

-- Makes partitions ahead, forgets workers that are long gone, wipes the sealed bytes of secrets that no longer sign.
CREATE FUNCTION hooktop.maintain(worker uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    now_at timestamptz := clock_timestamp();
BEGIN
    UPDATE worker w SET maintained_at = now_at WHERE w.id = maintain.worker;
    PERFORM make_partitions(14);
    PERFORM drop_partitions();
    DELETE FROM worker w WHERE w.heartbeat_at < now_at - interval '7 days';
    UPDATE secret s SET sealed = NULL WHERE s.sealed IS NOT NULL AND s.signs_until < now_at - interval '10 min';
    UPDATE signing_key s SET sealed = NULL WHERE s.sealed IS NOT NULL AND s.signs_until < now_at - interval '10 min';
END $$;

RESET ROLE;
