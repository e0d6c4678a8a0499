-- Partitions, who may see what, errors, the audit.
SET ROLE hooktop_owner;

-- Errors that people read: the message is why, HINT what to do, DETAIL which thing.
CREATE FUNCTION hooktop.fail(kind text, why text, fix text) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = why, HINT = coalesce(fix, ''), ERRCODE = CASE kind
        WHEN 'input' THEN 'HT001' WHEN 'missing' THEN 'HT002' WHEN 'denied' THEN 'HT003' ELSE 'HT004' END;
END $$;

-- Makes the daily partitions of event, delivery and attempt from yesterday to `days` ahead. Returns how many it made.
-- Made apart and then attached: that locks out nobody who reads or writes the parent.
CREATE FUNCTION hooktop.make_partitions(days int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    d date;
    t text;
    name text;
    made int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('hooktop.make_partitions'));
    FOR d IN SELECT generate_series((clock_timestamp() AT TIME ZONE 'UTC')::date - 1,
                                    (clock_timestamp() AT TIME ZONE 'UTC')::date + least(days, 400), interval '1 day')::date LOOP
        FOREACH t IN ARRAY ARRAY['event', 'delivery', 'attempt'] LOOP
            name := t || '_' || to_char(d, 'YYYYMMDD');
            CONTINUE WHEN to_regclass('hooktop.' || name) IS NOT NULL;
            EXECUTE format('CREATE TABLE hooktop.%I (LIKE hooktop.%I INCLUDING ALL)%s', name, t,
                           CASE t WHEN 'delivery' THEN ' WITH (fillfactor = 45)' ELSE '' END);
            EXECUTE format('ALTER TABLE hooktop.%I ATTACH PARTITION hooktop.%I FOR VALUES FROM (%L) TO (%L)', t, name,
                           uuid_at(d::timestamp AT TIME ZONE 'UTC'), uuid_at((d + 1)::timestamp AT TIME ZONE 'UTC'));
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Whether the one who is logged in is a worker, or may see every tenant.
CREATE FUNCTION hooktop.sees_all() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT pg_has_role(session_user, 'hooktop_owner', 'MEMBER') OR pg_has_role(session_user, 'hooktop_worker', 'MEMBER')
        OR EXISTS (SELECT FROM hooktop.member WHERE login = session_user AND tenant_id IS NULL)
$$;
CREATE FUNCTION hooktop.my_tenants() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT tenant_id FROM hooktop.member WHERE login = session_user AND tenant_id IS NOT NULL
$$;

-- Definer functions run as the owner, whom no policy stops: each checks its tenant with this. Like every helper that only
-- they call, it has their search_path; a SET of its own, or a query in a language that plans at every call, would cost an
-- emit more than its inserts.
CREATE FUNCTION hooktop.check_tenant(tenant uuid) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM FROM tenant t WHERE t.id = tenant;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no tenant %s', tenant), 'hooktop tenant list shows them');
    END IF;
    IF pg_has_role(session_user, 'hooktop_owner', 'MEMBER') OR pg_has_role(session_user, 'hooktop_worker', 'MEMBER') THEN
        RETURN;
    END IF;
    PERFORM FROM member m WHERE m.login = session_user AND (m.tenant_id IS NULL OR m.tenant_id = tenant);
    IF NOT FOUND THEN
        PERFORM fail('denied', format('the login %s is no member of tenant %s', session_user, tenant),
                     'an admin can add it with: hooktop user add');
    END IF;
END $$;

CREATE FUNCTION hooktop.audit_hash(prev bytea, tenant uuid, seq bigint, at timestamptz, who name, from_addr text, action text,
                                   object text, reason text, detail json) RETURNS bytea LANGUAGE sql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT sha256(prev || convert_to(json_build_array(tenant, seq, extract(epoch FROM at), who, from_addr, action, object, reason,
                                                      detail::text)::text, 'UTF8'))
$$;

-- Adds an entry to the tenant's chain. The tail row serialises writers of one tenant; nothing on the way of a delivery
-- comes here but the disabling of an endpoint.
CREATE FUNCTION hooktop.audit_add(tenant uuid, action text, object text, reason text, detail json) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    tail audit_tail;
    now_at timestamptz;
    peer text := coalesce(host(inet_client_addr()), 'local') || coalesce(' ' || nullif(current_setting('application_name'), ''), '');
    h bytea;
BEGIN
    INSERT INTO audit_tail VALUES (tenant, 0, '\x') ON CONFLICT DO NOTHING;
    SELECT * INTO tail FROM audit_tail t WHERE t.tenant_id = tenant FOR UPDATE;
    now_at := clock_timestamp();
    h := audit_hash(tail.hash, tenant, tail.seq + 1, now_at, session_user, peer, action, object, reason, detail);
    INSERT INTO audit VALUES (tenant, tail.seq + 1, now_at, session_user, peer, action, object, reason, detail, tail.hash, h);
    UPDATE audit_tail t SET seq = tail.seq + 1, hash = h WHERE t.tenant_id = tenant;
END $$;

CREATE FUNCTION hooktop.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM fail('denied', 'the audit log can only be added to', NULL);
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hooktop.audit
    FOR EACH STATEMENT EXECUTE FUNCTION hooktop.refuse_change();

-- Keys with their state as of one instant. Endpoint nil: the tenant's.
CREATE VIEW hooktop.key_state WITH (security_invoker = true) AS
WITH instant AS MATERIALIZED (SELECT clock_timestamp() AS now_at)
SELECT k.*, now_at,
       CASE WHEN k.signs_until <= now_at THEN 'expired'
            WHEN k.signs_from > now_at THEN 'next'
            WHEN k.generation = max(k.generation) FILTER (WHERE k.signs_from <= now_at AND (k.signs_until IS NULL OR k.signs_until > now_at))
                                OVER (PARTITION BY k.tenant_id, k.endpoint_id) THEN 'active'
            ELSE 'retiring' END AS state
FROM instant, (
    SELECT 'secret' AS kind, id, tenant_id, endpoint_id, generation, created_at, created_by, signs_from, signs_until,
           revealed_at, revealed_by, confirmed_at, public_pem FROM hooktop.secret
    UNION ALL
    SELECT 'signing_key', id, tenant_id, '00000000-0000-0000-0000-000000000000', generation, created_at, created_by, signs_from,
           signs_until, NULL, NULL, NULL, public_pem FROM hooktop.signing_key) k;

RESET ROLE;
