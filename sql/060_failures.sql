-- What people said about failures that are alike: somebody looks after them (acknowledged), or nobody wants to see them for a
-- while (muted). Their deliveries go on as they would.
SET ROLE hooktop_owner;

CREATE TABLE hooktop.failure_mark (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    error text NOT NULL, -- of the last attempt
    code int NOT NULL,   -- its HTTP status; 0: none
    -- It covers the failures that were there then: once all of these are mended or old, newer ones are open again.
    acknowledged_at timestamptz,
    acknowledged_by name,
    note text,
    muted_until timestamptz,
    -- the change that made it so, and what it was before: that change can be taken back
    change uuid NOT NULL,
    was_acknowledged_at timestamptz,
    was_acknowledged_by name,
    was_note text,
    was_muted_until timestamptz,
    PRIMARY KEY (tenant_id, endpoint_id, error, code),
    FOREIGN KEY (endpoint_id, tenant_id) REFERENCES hooktop.endpoint (id, tenant_id)
);
ALTER TABLE hooktop.failure_mark ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.failure_mark FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.failure_mark TO hooktop_owner USING (true) WITH CHECK (true);
CREATE POLICY people ON hooktop.failure_mark FOR SELECT TO hooktop_viewer
    USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()));
GRANT SELECT ON hooktop.failure_mark TO hooktop_viewer;

-- Marks kinds of failures: three arrays side by side (endpoint, error, code). One change, with one audit entry.
CREATE FUNCTION hooktop.failure_change(tenant uuid, endpoints uuid[], errors text[], codes int[], mutes boolean, by_now timestamptz,
        until timestamptz, reason text, action text, OUT change uuid, OUT marked bigint)
    LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    of json;
    at_one text;
BEGIN
    PERFORM check_tenant(tenant);
    change := uuid7();
    INSERT INTO failure_mark AS m (tenant_id, endpoint_id, error, code, acknowledged_at, acknowledged_by, note, muted_until, change)
    SELECT tenant, e.id, left(k.error, 40), k.code, by_now, CASE WHEN by_now IS NOT NULL THEN session_user END,
           CASE WHEN by_now IS NOT NULL THEN left(reason, 1000) END, until, failure_change.change
    FROM unnest(endpoints, errors, codes) k (endpoint, error, code) JOIN endpoint e ON e.id = k.endpoint AND e.tenant_id = tenant
    ORDER BY 2, 3, 4
    ON CONFLICT (tenant_id, endpoint_id, error, code) DO UPDATE SET change = excluded.change,
        was_acknowledged_at = m.acknowledged_at, was_acknowledged_by = m.acknowledged_by, was_note = m.note,
        was_muted_until = m.muted_until,
        acknowledged_at = CASE WHEN mutes THEN m.acknowledged_at ELSE excluded.acknowledged_at END,
        acknowledged_by = CASE WHEN mutes THEN m.acknowledged_by ELSE excluded.acknowledged_by END,
        note = CASE WHEN mutes THEN m.note ELSE excluded.note END,
        muted_until = CASE WHEN mutes THEN excluded.muted_until ELSE m.muted_until END;
    GET DIAGNOSTICS marked = ROW_COUNT;
    IF marked = 0 THEN
        PERFORM fail('state', 'nothing was changed: there are no such failures now', 'look again: they were mended, or somebody was faster');
    END IF;
    SELECT json_agg(json_build_object('endpoint', m.endpoint_id, 'error', m.error, 'code', m.code)
                    ORDER BY m.endpoint_id, m.error, m.code),
           CASE WHEN count(DISTINCT m.endpoint_id) = 1 THEN min(m.endpoint_id::text)
                ELSE count(DISTINCT m.endpoint_id) || ' endpoints' END
    INTO of, at_one FROM failure_mark m WHERE m.tenant_id = tenant AND m.change = failure_change.change;
    PERFORM audit_add(tenant, action, at_one, reason, json_build_object('change', change, 'until', until, 'of', of));
END $$;

-- on_off: false opens them again.
CREATE FUNCTION hooktop.failure_acknowledge(tenant uuid, endpoints uuid[], errors text[], codes int[], on_off boolean, reason text,
        OUT change uuid, OUT marked bigint)
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT * FROM failure_change($1, $2, $3, $4, false, CASE WHEN $5 THEN clock_timestamp() END, NULL, $6,
                                 CASE WHEN $5 THEN 'failure.acknowledged' ELSE 'failure.unacknowledged' END)
$$;

-- for_ms: 0 shows them again.
CREATE FUNCTION hooktop.failure_mute(tenant uuid, endpoints uuid[], errors text[], codes int[], for_ms bigint, reason text,
        OUT change uuid, OUT marked bigint)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM check_tenant(tenant);
    IF for_ms IS NULL OR for_ms NOT BETWEEN 0 AND 7776000000 THEN
        PERFORM fail('input', 'failures are muted for 90 days at most', NULL);
    END IF;
    SELECT c.change, c.marked INTO failure_mute.change, failure_mute.marked
    FROM failure_change(tenant, endpoints, errors, codes, true, NULL,
                        CASE WHEN for_ms > 0 THEN clock_timestamp() + for_ms * interval '1 ms' END, reason,
                        CASE WHEN for_ms > 0 THEN 'failure.muted' ELSE 'failure.unmuted' END) c;
END $$;

-- Each of those that a change marked is what it was before it; those that somebody marked since stay as they are. Returns how
-- many it took back.
CREATE FUNCTION hooktop.failure_restore(tenant uuid, change uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    n bigint;
    at_one text;
BEGIN
    PERFORM check_tenant(tenant);
    WITH m AS (
        UPDATE failure_mark m SET acknowledged_at = m.was_acknowledged_at, acknowledged_by = m.was_acknowledged_by, note = m.was_note,
            muted_until = m.was_muted_until, change = uuid7()
        WHERE m.tenant_id = tenant AND m.change = failure_restore.change RETURNING m.endpoint_id
    )
    SELECT count(*), CASE WHEN count(DISTINCT m.endpoint_id) = 1 THEN min(m.endpoint_id::text)
                          ELSE count(DISTINCT m.endpoint_id) || ' endpoints' END INTO n, at_one FROM m;
    IF n = 0 THEN
        PERFORM fail('state', 'nothing was taken back: somebody marked these failures since', NULL);
    END IF;
    PERFORM audit_add(tenant, 'failure.restored', at_one, reason, json_build_object('change', failure_restore.change, 'groups', n));
    RETURN n;
END $$;

REVOKE ALL ON FUNCTION hooktop.failure_change(uuid, uuid[], text[], int[], boolean, timestamptz, timestamptz, text, text),
    hooktop.failure_acknowledge(uuid, uuid[], text[], int[], boolean, text),
    hooktop.failure_mute(uuid, uuid[], text[], int[], bigint, text), hooktop.failure_restore(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.failure_acknowledge(uuid, uuid[], text[], int[], boolean, text),
    hooktop.failure_mute(uuid, uuid[], text[], int[], bigint, text), hooktop.failure_restore(uuid, uuid, text) TO hooktop_support;

RESET ROLE;
