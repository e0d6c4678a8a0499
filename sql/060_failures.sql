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
    PRIMARY KEY (tenant_id, endpoint_id, error, code),
    FOREIGN KEY (endpoint_id, tenant_id) REFERENCES hooktop.endpoint (id, tenant_id)
);
ALTER TABLE hooktop.failure_mark ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.failure_mark FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.failure_mark TO hooktop_owner USING (true) WITH CHECK (true);
CREATE POLICY people ON hooktop.failure_mark FOR SELECT TO hooktop_viewer
    USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()));
GRANT SELECT ON hooktop.failure_mark TO hooktop_viewer;

-- The mark of a group, made where there is none yet, and locked.
CREATE FUNCTION hooktop.failure_mark_of(tenant uuid, endpoint uuid, error text, code int) RETURNS hooktop.failure_mark
    LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    e endpoint := find_endpoint(tenant, endpoint);
    m failure_mark;
BEGIN
    INSERT INTO failure_mark (tenant_id, endpoint_id, error, code)
    VALUES (tenant, e.id, left(coalesce(failure_mark_of.error, ''), 40), coalesce(failure_mark_of.code, 0))
    ON CONFLICT (tenant_id, endpoint_id, error, code) DO UPDATE SET error = excluded.error RETURNING * INTO m;
    RETURN m;
END $$;

-- on_off: false takes it back.
CREATE FUNCTION hooktop.failure_acknowledge(tenant uuid, endpoint uuid, error text, code int, on_off boolean, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    m failure_mark := failure_mark_of(tenant, endpoint, error, code);
BEGIN
    UPDATE failure_mark x SET acknowledged_at = CASE WHEN on_off THEN clock_timestamp() END,
        acknowledged_by = CASE WHEN on_off THEN session_user END, note = CASE WHEN on_off THEN left(reason, 1000) END
    WHERE x.tenant_id = tenant AND x.endpoint_id = m.endpoint_id AND x.error = m.error AND x.code = m.code;
    PERFORM audit_add(tenant, CASE WHEN on_off THEN 'failure.acknowledged' ELSE 'failure.unacknowledged' END, m.endpoint_id::text,
                      reason, json_build_object('error', m.error, 'code', m.code));
END $$;

-- for_ms: 0 takes it back.
CREATE FUNCTION hooktop.failure_mute(tenant uuid, endpoint uuid, error text, code int, for_ms bigint, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    m failure_mark := failure_mark_of(tenant, endpoint, error, code);
    until timestamptz := CASE WHEN for_ms > 0 THEN clock_timestamp() + for_ms * interval '1 ms' END;
BEGIN
    IF for_ms NOT BETWEEN 0 AND 7776000000 THEN
        PERFORM fail('input', 'failures are muted for 90 days at most', NULL);
    END IF;
    UPDATE failure_mark x SET muted_until = until
    WHERE x.tenant_id = tenant AND x.endpoint_id = m.endpoint_id AND x.error = m.error AND x.code = m.code;
    PERFORM audit_add(tenant, CASE WHEN for_ms > 0 THEN 'failure.muted' ELSE 'failure.unmuted' END, m.endpoint_id::text, reason,
                      json_build_object('error', m.error, 'code', m.code, 'before', m.muted_until, 'after', until));
END $$;

REVOKE ALL ON FUNCTION hooktop.failure_mark_of(uuid, uuid, text, int),
    hooktop.failure_acknowledge(uuid, uuid, text, int, boolean, text),
    hooktop.failure_mute(uuid, uuid, text, int, bigint, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.failure_acknowledge(uuid, uuid, text, int, boolean, text),
    hooktop.failure_mute(uuid, uuid, text, int, bigint, text) TO hooktop_support;

RESET ROLE;
