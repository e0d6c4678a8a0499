-- Giving back the space of the waiting table. What waits comes and goes, so the table and its indexes grow to what was
-- delivered between two rounds of autovacuum; vacuum makes that space free for new rows, but an index never shrinks, and the file
-- only as far as nothing stands at its end. So a worker's upkeep writes it anew when little is left in it.
SET ROLE hooktop_owner;

-- Not again before then: milliseconds since 1970. A sequence, because it keeps its value when an attempt is rolled back.
CREATE SEQUENCE hooktop.compact_after;

-- What may be much: 6 MB, or 700 bytes for each row, twice what one needs with its index entries.
CREATE FUNCTION hooktop.outbox_room(n float8) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$ SELECT greatest(6 * 1048576, 700 * n) $$;

-- Whether it is much larger than what stood in it at its last vacuum, and little of it is dead by now: to clear that away is
-- vacuum's work, and what an old snapshot keeps cannot be cleared away. Asked with every heartbeat, so it reads the catalogue alone
-- and waits for no lock.
CREATE FUNCTION hooktop.outbox_sparse() RETURNS boolean LANGUAGE sql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT pg_stat_get_dead_tuples(t.oid) < 10000 AND outbox_room(t.reltuples) < current_setting('block_size')::int * (
        t.relpages + (SELECT sum(c.relpages) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = t.oid))
    FROM pg_class t WHERE t.oid = 'hooktop.tenant_webhook_outbox'::regclass
$$;

-- Writes it anew, in the order of the due index, and returns whether it did. Whoever emits, claims or settles waits meanwhile, so
-- it has a fifth of a second to get its lock, and the rows have to be few: they are counted by the same way that CLUSTER goes,
-- through the index, whatever the file's size. Rows that older snapshots see are taken along, and a transaction that has touched
-- the table keeps it as it is until its end, so nobody sees anything of it.
CREATE FUNCTION hooktop.compact_outbox() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp SET lock_timeout = '200ms'
    SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET jit = off AS $$
DECLARE
    began timestamptz := clock_timestamp();
    now_ms bigint := (date_part('epoch', began) * 1000)::bigint;
    size bigint;
    n bigint;
BEGIN
    PERFORM setval('compact_after', now_ms + 60000);
    LOCK TABLE tenant_webhook_outbox IN SHARE UPDATE EXCLUSIVE MODE NOWAIT; -- nobody else vacuums or compacts it now
    size := pg_total_relation_size('tenant_webhook_outbox');
    SELECT count(*) INTO n FROM (SELECT FROM tenant_webhook_outbox o ORDER BY o.endpoint_id, o.due_at LIMIT 50001) x;
    IF n > 50000 OR size < outbox_room(n) OR clock_timestamp() - began > interval '200 ms' THEN
        RETURN false;
    END IF;
    CLUSTER tenant_webhook_outbox USING outbox_due;
    IF pg_total_relation_size('tenant_webhook_outbox') > size / 2 THEN
        PERFORM setval('compact_after', now_ms + 600000); -- what is dead is seen by somebody
    END IF;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END $$;

REVOKE ALL ON FUNCTION hooktop.outbox_room(float8), hooktop.outbox_sparse(), hooktop.compact_outbox() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.compact_outbox() TO hooktop_worker;

RESET ROLE;
