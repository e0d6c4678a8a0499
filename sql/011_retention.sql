-- How long what happened is kept, and dropping it by whole partitions: no row is deleted one by one.
SET ROLE hooktop_owner;

CREATE TABLE hooktop.retention (
    kind text PRIMARY KEY CHECK (kind IN ('event', 'delivery', 'attempt')),
    keep_days int NOT NULL CHECK (keep_days BETWEEN 1 AND 3650)
);
INSERT INTO hooktop.retention VALUES ('event', 90), ('delivery', 90), ('attempt', 30);

-- Every partition, when it will be dropped, and what keeps it although its time has come. A partition of deliveries or
-- attempts is kept while one of its deliveries waits or is held; one of events while any delivery of them does.
CREATE FUNCTION hooktop.partitions()
    RETURNS TABLE (kind text, name text, from_at timestamptz, to_at timestamptz, rows bigint, bytes bigint, drops_at timestamptz,
                   pending bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    p record;
    lo uuid;
    hi uuid;
BEGIN
    FOR p IN
        SELECT r.kind, c.relname::text AS name, greatest(c.reltuples, 0)::bigint AS rows, pg_total_relation_size(c.oid) AS bytes,
               to_timestamp(right(c.relname, 8) || ' 00:00 +00', 'YYYYMMDD HH24:MI TZH') AS day, r.keep_days
        FROM retention r
        JOIN pg_inherits i ON i.inhparent = ('hooktop.' || r.kind)::regclass
        JOIN pg_class c ON c.oid = i.inhrelid
        ORDER BY r.kind, c.relname
    LOOP
        kind := p.kind;
        name := p.name;
        rows := p.rows;
        bytes := p.bytes;
        from_at := p.day;
        to_at := p.day + interval '1 day';
        drops_at := to_at + p.keep_days * interval '1 day';
        pending := 0;
        IF drops_at <= clock_timestamp() THEN
            lo := uuid_at(from_at);
            hi := uuid_at(to_at);
            IF p.kind = 'event' THEN
                SELECT count(*) INTO pending FROM (
                    SELECT FROM tenant_webhook_outbox o WHERE o.event_id >= lo AND o.event_id < hi
                    UNION ALL SELECT FROM held h WHERE h.event_id >= lo AND h.event_id < hi) x;
            ELSE
                SELECT count(*) INTO pending FROM (
                    SELECT FROM tenant_webhook_outbox o WHERE o.delivery_id >= lo AND o.delivery_id < hi
                    UNION ALL SELECT FROM held h WHERE h.delivery_id >= lo AND h.delivery_id < hi) x;
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;
END $$;

-- Drops what has had its time, each with an audit entry. A partition that somebody reads is tried again next time: nobody
-- who delivers waits for a lock behind it.
CREATE FUNCTION hooktop.drop_partitions() RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp SET lock_timeout = '100ms' AS $$
DECLARE
    p record;
    dropped int := 0;
BEGIN
    FOR p IN SELECT * FROM partitions() x WHERE x.drops_at <= clock_timestamp() AND x.pending = 0 LOOP
        BEGIN
            EXECUTE format('DROP TABLE hooktop.%I', p.name);
            PERFORM audit_add('00000000-0000-0000-0000-000000000000', 'partition.dropped', p.name, 'retention',
                              json_build_object('from', p.from_at, 'to', p.to_at, 'rows', p.rows, 'bytes', p.bytes));
            dropped := dropped + 1;
        EXCEPTION WHEN lock_not_available THEN
            NULL;
        END;
    END LOOP;
    DELETE FROM ended x
    WHERE x.delivery_id < (SELECT uuid_at(min(y.from_at)) FROM partitions() y WHERE y.kind = 'delivery');
    DELETE FROM alert x WHERE x.at < clock_timestamp() - (SELECT r.keep_days FROM retention r WHERE r.kind = 'delivery') * interval '1 day';
    -- a key is worth keeping as long as its event
    DELETE FROM idempotency i
    WHERE i.event_id < uuid_at(clock_timestamp() - (SELECT r.keep_days FROM retention r WHERE r.kind = 'event') * interval '1 day');
    RETURN dropped;
END $$;

CREATE FUNCTION hooktop.retention_set(kind text, keep_days int, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    was int;
BEGIN
    IF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user), 'ask an admin of all tenants');
    ELSIF keep_days IS NULL OR keep_days NOT BETWEEN 1 AND 3650 THEN
        PERFORM fail('input', 'what is kept is kept for 1 to 3650 days', NULL);
    END IF;
    SELECT r.keep_days INTO was FROM retention r WHERE r.kind = retention_set.kind;
    IF NOT FOUND THEN
        PERFORM fail('input', format('there is no retention of "%s"', left(kind, 40)), 'use event, delivery or attempt');
    END IF;
    UPDATE retention r SET keep_days = retention_set.keep_days WHERE r.kind = retention_set.kind;
    IF EXISTS (SELECT FROM retention e, retention d WHERE e.kind = 'event' AND d.kind = 'delivery' AND e.keep_days < d.keep_days) THEN
        PERFORM fail('input', 'an event is kept at least as long as its deliveries', 'change the other one first');
    ELSIF EXISTS (SELECT FROM retention d, retention a WHERE d.kind = 'delivery' AND a.kind = 'attempt' AND d.keep_days < a.keep_days) THEN
        PERFORM fail('input', 'a delivery is kept at least as long as its attempts', 'change the other one first');
    END IF;
    PERFORM audit_add('00000000-0000-0000-0000-000000000000', 'retention.set', kind, reason,
                      json_build_object('before', was, 'after', keep_days));
END $$;

REVOKE ALL ON FUNCTION hooktop.partitions(), hooktop.drop_partitions(), hooktop.retention_set(text, int, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.partitions() TO hooktop_viewer;
GRANT EXECUTE ON FUNCTION hooktop.drop_partitions() TO hooktop_worker;
GRANT EXECUTE ON FUNCTION hooktop.retention_set(text, int, text) TO hooktop_admin;
GRANT SELECT ON hooktop.retention TO hooktop_viewer;

RESET ROLE;
