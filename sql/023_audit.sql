-- What auditors and admins ask: whether the chains of the audit log are unbroken, and who may do what here.
SET ROLE hooktop_owner;

-- The chains that the caller sees. Every tenant begins with an entry, so one without any has lost them.
CREATE FUNCTION hooktop.audit_chains() RETURNS TABLE (tenant_id uuid, name text) LANGUAGE sql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT t.id, t.name FROM tenant t
    UNION ALL
    SELECT a.tenant_id, NULL FROM audit_tail a WHERE NOT EXISTS (SELECT FROM tenant t WHERE t.id = a.tenant_id)
    ORDER BY 2 NULLS FIRST, 1
$$;

-- Checks up to `max` entries of a chain after the one named, whose hash is given (0 and the empty string: from the start),
-- and when these are the last, that the chain ends where its tail says. Stops being of use at the first entry that is
-- wrong, which it names. Runs as its caller, whom the row policies bind.
CREATE FUNCTION hooktop.audit_verify(tenant uuid, after bigint, after_hash bytea, max int)
    RETURNS TABLE (checked bigint, last_seq bigint, last_hash bytea, ended boolean, bad_seq bigint, problem text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH page AS MATERIALIZED (
        SELECT a.* FROM audit a WHERE a.tenant_id = $1 AND ($2 = 0 OR a.seq > $2) ORDER BY a.seq LIMIT $4
    ), linked AS (
        SELECT p.*, lag(p.seq, 1, $2) OVER w AS seq_before, lag(p.hash, 1, $3) OVER w AS hash_before
        FROM page p WINDOW w AS (ORDER BY p.seq)
    ), bad AS (
        SELECT CASE WHEN l.seq > l.seq_before + 1 THEN l.seq_before + 1 ELSE l.seq END AS seq, f.problem
        FROM linked l, LATERAL (SELECT CASE
            WHEN l.seq <= l.seq_before THEN 'an entry with a number that is never given'
            WHEN l.seq = l.seq_before + 2 THEN 'the entry is missing'
            WHEN l.seq > l.seq_before + 1 THEN format('the entries up to %s are missing', l.seq - 1)
            WHEN l.hash <> audit_hash(l.prev_hash, l.tenant_id, l.seq, l.at, l.who, l.from_addr, l.action, l.object, l.reason, l.detail)
                THEN 'the entry was altered: it does not have the hash it was written with'
            WHEN l.prev_hash <> l.hash_before
                THEN 'the entry does not follow from the one before it: one of the two was replaced'
            END) f (problem)
        WHERE f.problem IS NOT NULL ORDER BY l.seq LIMIT 1
    ), head AS (
        SELECT count(*) AS n, coalesce(max(p.seq), $2) AS seq,
               coalesce((SELECT x.hash FROM page x ORDER BY x.seq DESC LIMIT 1), $3) AS hash
        FROM page p
    ), tail AS (
        SELECT h.*, h.n < $4 AS ended, CASE
            WHEN h.n = $4 THEN NULL
            WHEN t.seq IS NULL AND h.seq = 0 THEN 'every entry is missing'
            WHEN t.seq IS NULL THEN 'the record of where the chain ends is missing'
            WHEN t.seq > h.seq THEN format('the entries %s to %s are missing at the end', h.seq + 1, t.seq)
            WHEN t.seq < h.seq THEN format('it goes on beyond entry %s, the last that was written', t.seq)
            WHEN t.hash <> h.hash THEN 'the last entry is not the one that was written'
            END AS problem
        FROM head h LEFT JOIN audit_tail t ON t.tenant_id = $1
    )
    SELECT t.n, t.seq, t.hash, t.ended, CASE WHEN b.seq IS NOT NULL THEN b.seq WHEN t.problem IS NOT NULL THEN t.seq END,
           coalesce(b.problem, t.problem)
    FROM tail t LEFT JOIN bad b ON true
$$;

-- Logins that are members here or have a role of hooktop's. A superuser has all roles without being given any, and is
-- listed only as a member.
CREATE FUNCTION hooktop.users()
    RETURNS TABLE (login text, roles text, tenants text, sees_all boolean, there boolean, added_at timestamptz, added_by text)
    LANGUAGE sql STABLE SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH logins AS (
        SELECT m.login FROM member m
        UNION
        SELECT r.rolname FROM pg_roles r WHERE r.rolcanlogin AND NOT r.rolsuper AND roles_of(r.rolname) IS NOT NULL
    )
    SELECT l.login::text, array_to_string(roles_of(l.login), ', '),
           (SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM member m JOIN tenant t ON t.id = m.tenant_id WHERE m.login = l.login),
           EXISTS (SELECT FROM member m WHERE m.login = l.login AND m.tenant_id IS NULL),
           EXISTS (SELECT FROM pg_roles r WHERE r.rolname = l.login),
           m.added_at, m.added_by::text
    FROM logins l LEFT JOIN LATERAL (SELECT x.added_at, x.added_by FROM member x WHERE x.login = l.login ORDER BY x.added_at LIMIT 1) m ON true
    ORDER BY l.login
$$;

REVOKE ALL ON FUNCTION hooktop.audit_chains(), hooktop.audit_verify(uuid, bigint, bytea, int), hooktop.users() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hooktop.audit_chains(), hooktop.audit_verify(uuid, bigint, bytea, int),
    hooktop.audit_hash(bytea, uuid, bigint, timestamptz, name, text, text, text, text, json) TO hooktop_audit_reader;
GRANT EXECUTE ON FUNCTION hooktop.users() TO hooktop_admin;

RESET ROLE;
