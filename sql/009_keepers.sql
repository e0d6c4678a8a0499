-- Those who keep the rest honest: the key ring, members, what a worker says when it starts.
SET ROLE hooktop_owner;

-- custom headers ---------------------------------------------------------------------------------------------------
CREATE FUNCTION hooktop.sealed_headers(tenant uuid, endpoint uuid) RETURNS bytea LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT e.headers_sealed FROM endpoint e WHERE e.id = sealed_headers.endpoint AND e.tenant_id = sealed_headers.tenant
$$;

-- workers ----------------------------------------------------------------------------------------------------------
-- Which keys a worker's ring holds, by the worker's name.
CREATE TABLE hooktop.worker_ring (
    name text NOT NULL,
    key_id bytea NOT NULL,
    told_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, key_id)
);

-- What lets a worker's machine send where the address guard would refuse, by the worker's name; no row: nothing does.
CREATE TABLE hooktop.worker_exceptions (
    name text PRIMARY KEY,
    egress text NOT NULL,
    told_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What is out of the ordinary on the machine that starts to deliver stands in the audit log too.
CREATE FUNCTION hooktop.worker_started(name text, ring_keys bytea[], exceptions json) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    DELETE FROM worker_ring r WHERE r.name = worker_started.name
        OR (r.told_at < clock_timestamp() - interval '1 day' AND NOT EXISTS (SELECT FROM worker w WHERE w.name = r.name));
    INSERT INTO worker_ring (name, key_id) SELECT DISTINCT worker_started.name, k FROM unnest(ring_keys) k;
    DELETE FROM worker_exceptions r WHERE r.name = worker_started.name
        OR (r.told_at < clock_timestamp() - interval '1 day' AND NOT EXISTS (SELECT FROM worker w WHERE w.name = r.name));
    IF exceptions IS NOT NULL THEN
        INSERT INTO worker_exceptions (name, egress) VALUES (worker_started.name, coalesce(exceptions ->> 'egress', '?'));
        PERFORM audit_add('00000000-0000-0000-0000-000000000000', 'worker.exceptions', worker_started.name, NULL, exceptions);
    END IF;
END $$;

-- the key ring -----------------------------------------------------------------------------------------------------
-- Changing what is sealed takes both: the right to write secrets, and the right to read what they are sealed as.
CREATE FUNCTION hooktop.check_keeper() RETURNS void LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    IF NOT (pg_has_role(session_user, 'hooktop_owner', 'MEMBER') OR
            (pg_has_role(session_user, 'hooktop_admin', 'MEMBER') AND pg_has_role(session_user, 'hooktop_worker', 'MEMBER'))) THEN
        PERFORM fail('denied', format('the login %s may not re-seal', session_user),
                     'it needs both roles, hooktop_admin and hooktop_worker');
    END IF;
END $$;

CREATE FUNCTION hooktop.ring_publish(id bytea, public_key bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM check_keeper();
    UPDATE ring_key r SET current = false WHERE r.current AND r.id <> ring_publish.id;
    INSERT INTO ring_key (id, public_key, current) VALUES (ring_publish.id, ring_publish.public_key, true)
    ON CONFLICT (id) DO UPDATE SET current = true;
    PERFORM audit_add('00000000-0000-0000-0000-000000000000', 'ring.published', encode(ring_publish.id, 'hex'), NULL, NULL);
END $$;

-- Workers that are alive and did not say that their ring holds this key.
CREATE FUNCTION hooktop.workers_without(key bytea) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT w.name FROM worker w WHERE w.heartbeat_at > clock_timestamp() - interval '30 s'
        AND NOT EXISTS (SELECT FROM worker_ring r WHERE r.name = w.name AND r.key_id = key) ORDER BY w.name
$$;

-- All that is sealed, of whatever kind.
CREATE VIEW hooktop.sealed_thing WITH (security_invoker = true) AS
SELECT 'secret' AS kind, s.tenant_id, s.endpoint_id, s.id, s.generation, s.key_id, s.sealed,
       (SELECT e.profile FROM hooktop.endpoint e WHERE e.id = s.endpoint_id AND e.tenant_id = s.tenant_id) AS profile
FROM hooktop.secret s WHERE s.sealed IS NOT NULL
UNION ALL
SELECT 'signing_key', k.tenant_id, '00000000-0000-0000-0000-000000000000', k.id, k.generation, k.key_id, k.sealed,
       (SELECT t.profile FROM hooktop.tenant t WHERE t.id = k.tenant_id)
FROM hooktop.signing_key k WHERE k.sealed IS NOT NULL
UNION ALL
SELECT 'header', e.tenant_id, e.id, e.id, 0, e.headers_key_id, e.headers_sealed, e.profile
FROM hooktop.endpoint e WHERE e.headers_sealed IS NOT NULL;

CREATE FUNCTION hooktop.ring_keys() RETURNS TABLE (id bytea, current boolean, created_at timestamptz, in_use bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT r.id, r.current, r.created_at, (SELECT count(*) FROM sealed_thing x WHERE x.key_id = r.id)
    FROM ring_key r ORDER BY r.created_at, r.id
$$;

-- A page of what is sealed to another key, after the one named.
CREATE FUNCTION hooktop.rekey_page(to_key bytea, after_kind text, after_id uuid, max int)
    RETURNS TABLE (kind text, tenant_id uuid, endpoint_id uuid, id uuid, generation int, profile text, sealed bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    PERFORM check_keeper();
    RETURN QUERY
    SELECT x.kind, x.tenant_id, x.endpoint_id, x.id, x.generation, x.profile, x.sealed FROM sealed_thing x
    WHERE x.key_id <> to_key AND (x.kind, x.id) > (after_kind, after_id)
    ORDER BY x.kind, x.id LIMIT least(max, 1000);
END $$;

-- Puts re-sealed bytes in the place of those they were made from; what was changed meanwhile is left alone. Returns how many
-- it replaced.
CREATE FUNCTION hooktop.rekey_put(to_key bytea, kinds text[], tenants uuid[], ids uuid[], olds bytea[], news bytea[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    one bigint;
    done bigint := 0;
BEGIN
    PERFORM check_keeper();
    PERFORM check_sealed_to(to_key);
    IF EXISTS (SELECT FROM unnest(news) n WHERE substr(n, 5, 8) IS DISTINCT FROM to_key) THEN
        PERFORM fail('input', 'what is put back is not sealed to the key named', NULL);
    END IF;
    UPDATE secret s SET sealed = w.new, key_id = to_key FROM unnest(kinds, tenants, ids, olds, news) w (kind, tenant, id, old, new)
    WHERE w.kind = 'secret' AND s.id = w.id AND s.tenant_id = w.tenant AND s.sealed = w.old;
    GET DIAGNOSTICS done = ROW_COUNT;
    UPDATE signing_key s SET sealed = w.new, key_id = to_key FROM unnest(kinds, tenants, ids, olds, news) w (kind, tenant, id, old, new)
    WHERE w.kind = 'signing_key' AND s.id = w.id AND s.tenant_id = w.tenant AND s.sealed = w.old;
    GET DIAGNOSTICS one = ROW_COUNT;
    done := done + one;
    UPDATE endpoint e SET headers_sealed = w.new, headers_key_id = to_key
    FROM unnest(kinds, tenants, ids, olds, news) w (kind, tenant, id, old, new)
    WHERE w.kind = 'header' AND e.id = w.id AND e.tenant_id = w.tenant AND e.headers_sealed = w.old;
    GET DIAGNOSTICS one = ROW_COUNT;
    done := done + one;
    PERFORM audit_add('00000000-0000-0000-0000-000000000000', 'ring.resealed', encode(to_key, 'hex'), NULL,
                      json_build_object('resealed', done, 'given', cardinality(ids)));
    RETURN done;
END $$;

-- Forgets a key that nothing is sealed to. Whoever seals to it at this moment waits for the outcome and is then refused.
CREATE FUNCTION hooktop.ring_retire(id bytea) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    key ring_key;
    used bigint;
BEGIN
    PERFORM check_keeper();
    SELECT * INTO key FROM ring_key r WHERE r.id = ring_retire.id FOR UPDATE;
    SELECT count(*) INTO used FROM sealed_thing x WHERE x.key_id = ring_retire.id;
    IF key.current THEN
        PERFORM fail('state', format('key %s is the one that secrets are sealed to', encode(ring_retire.id, 'hex')),
                     'make another one current first: hooktop rekey');
    ELSIF used > 0 THEN
        PERFORM fail('state', format('%s things are still sealed to key %s', used, encode(ring_retire.id, 'hex')), 're-seal them first: hooktop rekey');
    ELSIF key.id IS NOT NULL THEN
        DELETE FROM ring_key r WHERE r.id = ring_retire.id;
        PERFORM audit_add('00000000-0000-0000-0000-000000000000', 'ring.retired', encode(ring_retire.id, 'hex'), NULL, NULL);
    END IF;
END $$;

-- people -----------------------------------------------------------------------------------------------------------
-- The roles of hooktop's that a login has, without the prefix and without those that another of them brings along.
CREATE FUNCTION hooktop.roles_of(login name) RETURNS text[] LANGUAGE sql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH has AS (
        SELECT r.role, r.n FROM pg_roles l, unnest(ARRAY['viewer', 'support', 'admin', 'worker', 'producer', 'audit_reader'])
            WITH ORDINALITY r (role, n)
        WHERE l.rolname = roles_of.login AND pg_has_role(l.oid, ('hooktop_' || r.role)::regrole, 'MEMBER')
    )
    SELECT array_agg(h.role ORDER BY h.n) FROM has h
    WHERE NOT EXISTS (SELECT FROM has o WHERE o.role <> h.role
                      AND pg_has_role(('hooktop_' || o.role)::regrole, ('hooktop_' || h.role)::regrole, 'MEMBER'))
$$;

CREATE FUNCTION hooktop.member_add(login text, tenant uuid, reason text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    roles text[];
BEGIN
    IF tenant IS NOT NULL THEN
        PERFORM check_tenant(tenant);
    ELSIF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user), 'name one of them with --tenant, or ask an admin of all tenants');
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = member_add.login AND r.rolcanlogin) THEN
        PERFORM fail('missing', format('there is no login %s', left(login, 63)), 'a database administrator can make it: CREATE ROLE');
    END IF;
    roles := roles_of(login::name);
    IF roles IS NULL THEN
        PERFORM fail('state', format('the login %s has none of hooktop''s roles', login), 'a database administrator can grant one: GRANT hooktop_viewer');
    END IF;
    INSERT INTO member (login, tenant_id) VALUES (member_add.login, tenant) ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN -- a member already, perhaps with more roles than before
        PERFORM audit_add(coalesce(tenant, '00000000-0000-0000-0000-000000000000'), 'member.changed', login, reason, json_build_object('roles', roles));
        RETURN false;
    END IF;
    PERFORM audit_add(coalesce(tenant, '00000000-0000-0000-0000-000000000000'), 'member.added', login, reason, json_build_object('roles', roles));
    RETURN true;
END $$;

-- Returns how many memberships the login has left.
CREATE FUNCTION hooktop.member_remove(login text, tenant uuid, reason text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    IF tenant IS NOT NULL THEN
        PERFORM check_tenant(tenant);
    ELSIF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user), 'name one of them with --tenant, or ask an admin of all tenants');
    END IF;
    DELETE FROM member m WHERE m.login = member_remove.login AND m.tenant_id IS NOT DISTINCT FROM tenant;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('the login %s is no member of %s', left(login, 63),
                                       CASE WHEN tenant IS NULL THEN 'all tenants' ELSE 'that tenant' END), 'hooktop user list shows who is');
    END IF;
    IF tenant IS NULL AND NOT EXISTS (SELECT FROM member m WHERE m.tenant_id IS NULL) THEN
        PERFORM fail('state', format('%s is the last login that sees all tenants', login), 'add another one first: hooktop user add LOGIN --role admin --all');
    END IF;
    PERFORM audit_add(coalesce(tenant, '00000000-0000-0000-0000-000000000000'), 'member.removed', login, reason, NULL);
    RETURN (SELECT count(*) FROM member m WHERE m.login = member_remove.login);
END $$;

-- grants -----------------------------------------------------------------------------------------------------------
ALTER TABLE hooktop.member ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.member FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.member TO hooktop_owner USING (true) WITH CHECK (true);
CREATE POLICY people ON hooktop.member FOR SELECT TO hooktop_admin
    USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()) OR login = session_user);

ALTER TABLE hooktop.audit_tail ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.audit_tail FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.audit_tail TO hooktop_owner USING (true) WITH CHECK (true);
CREATE POLICY people ON hooktop.audit_tail FOR SELECT TO hooktop_audit_reader
    USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()));
GRANT SELECT ON hooktop.audit_tail TO hooktop_audit_reader;
GRANT SELECT ON hooktop.tenant TO hooktop_audit_reader;
GRANT SELECT ON hooktop.worker_exceptions TO hooktop_viewer; -- everybody who looks is warned

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hooktop FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.sealed_headers(uuid, uuid), hooktop.worker_started(text, bytea[], json) TO hooktop_worker;
GRANT EXECUTE ON FUNCTION hooktop.ring_publish(bytea, bytea), hooktop.workers_without(bytea), hooktop.ring_keys(), hooktop.ring_retire(bytea),
    hooktop.rekey_page(bytea, text, uuid, int), hooktop.rekey_put(bytea, text[], uuid[], uuid[], bytea[], bytea[]),
    hooktop.roles_of(name), hooktop.member_add(text, uuid, text), hooktop.member_remove(text, uuid, text) TO hooktop_admin;

RESET ROLE;
