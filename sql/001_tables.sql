-- Roles, the schema and its tables. docs/architecture.md explains the shape; this file is the authority.
--
-- Every id is a version 7 UUID, so ids sort by time and an id finds its partition. Every unique key carries the tenant,
-- so the schema can be distributed by tenant. All times are this server's clock.

DO $$
DECLARE
    r text;
BEGIN
    FOREACH r IN ARRAY ARRAY['owner', 'viewer', 'support', 'admin', 'worker', 'producer', 'audit_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'hooktop_' || r) THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', 'hooktop_' || r);
        END IF;
    END LOOP;
END $$;

-- What one may do, the next may too. Whoever sets up becomes able to act as the owner, and as those who administer and deliver: by
-- itself where it made the roles (before PostgreSQL 16: where it may make roles); else somebody has to have granted it that.
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN SELECT * FROM (VALUES
        ('hooktop_viewer', 'hooktop_support'), ('hooktop_support', 'hooktop_admin'), ('hooktop_producer', 'hooktop_admin'),
        ('hooktop_audit_reader', 'hooktop_admin'), ('hooktop_owner', current_user), ('hooktop_admin', session_user),
        ('hooktop_worker', session_user)) v (role, member)
    LOOP
        IF NOT pg_catalog.pg_has_role(g.member, g.role, 'USAGE') THEN
            EXECUTE pg_catalog.format('GRANT %I TO %I', g.role, g.member);
        END IF;
    END LOOP;
    EXECUTE pg_catalog.format('GRANT CREATE ON DATABASE %I TO hooktop_owner', pg_catalog.current_database());
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING ERRCODE = 'HT003',
        MESSAGE = pg_catalog.format('the login %s may not use hooktop''s roles, which another login made here', session_user),
        HINT = pg_catalog.format('as a superuser, or as that login: GRANT hooktop_owner, hooktop_admin, hooktop_worker TO %I', session_user);
END $$;

CREATE SCHEMA IF NOT EXISTS hooktop AUTHORIZATION hooktop_owner;
SET ROLE hooktop_owner;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- A version 7 UUID of now (RFC 9562): 48 bits of milliseconds, 12 bits of the millisecond's parts, the rest of a random
-- version 4. So what one session makes one after another sorts so.
CREATE FUNCTION hooktop.uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT (pg_catalog.overlay(pg_catalog.lpad(pg_catalog.to_hex(
                pg_catalog.floor(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 4096000 + 1)::bigint), 15, '0'), '7', 13, 0)
            || pg_catalog.right(pg_catalog.gen_random_uuid()::text, 17))::uuid
$$;

-- The smallest version 7 UUID of a moment: the bound of partitions and of time filters.
CREATE FUNCTION hooktop.uuid_at(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (pg_catalog.lpad(pg_catalog.to_hex(pg_catalog.floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid
$$;

-- The moment that a version 7 UUID was made at.
CREATE FUNCTION hooktop.uuid_time(id uuid) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT timestamptz 'epoch' + (('x' || pg_catalog.substr(id::text, 1, 8) || pg_catalog.substr(id::text, 10, 4))::bit(48)::bigint
           + ('x' || pg_catalog.substr(id::text, 16, 3))::bit(12)::int / 4096.0) * interval '1 ms'
$$;

CREATE TABLE hooktop.schema_version (
    version int PRIMARY KEY,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The public halves of key rings: whoever writes a secret seals it to the current one.
CREATE TABLE hooktop.ring_key (
    id bytea PRIMARY KEY CHECK (octet_length(id) = 8),
    public_key bytea NOT NULL CHECK (octet_length(public_key) = 32),
    current boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE hooktop.tenant (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[[:alnum:]][[:alnum:] ._-]{0,79}$'),
    profile text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Which logins see which tenants; no tenant: all of them.
CREATE TABLE hooktop.member (
    login name NOT NULL,
    tenant_id uuid REFERENCES hooktop.tenant (id),
    added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    added_by name NOT NULL DEFAULT session_user,
    UNIQUE NULLS NOT DISTINCT (tenant_id, login)
);

-- The nil UUID as tenant: the profile's own catalogue, shared by all.
CREATE TABLE hooktop.event_type (
    tenant_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    profile text NOT NULL,
    name text NOT NULL CHECK (name ~ '^[a-z0-9_.]{1,128}$'),
    state text NOT NULL CHECK (state IN ('emitted', 'planned', 'test', 'archived', 'raised')),
    description text NOT NULL DEFAULT '',
    contract json,
    sample json,
    PRIMARY KEY (tenant_id, profile, name)
);

CREATE TABLE hooktop.endpoint (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL REFERENCES hooktop.tenant (id),
    profile text NOT NULL,
    url text NOT NULL CHECK (length(url) <= 2048),
    -- Receivers put tokens into queries: who only looks, and every list, has this.
    shown_url text NOT NULL GENERATED ALWAYS AS (CASE WHEN strpos(url, '?') > 0 THEN split_part(url, '?', 1) || '?...' ELSE url END) STORED,
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 200),
    status text NOT NULL CHECK (status IN ('unverified', 'active', 'paused', 'disabled', 'removed')),
    status_reason text,
    status_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version int NOT NULL DEFAULT 1,
    timeout_ms int CHECK (timeout_ms BETWEEN 100 AND 120000),
    schedule_s int[] CHECK (cardinality(schedule_s) <= 16 AND 0 <= ALL (schedule_s) AND 604800 >= ALL (schedule_s)),
    rate_per_s float8 CHECK (rate_per_s > 0),
    in_flight_max int NOT NULL DEFAULT 4 CHECK (in_flight_max BETWEEN 1 AND 1000),
    snoozed_until timestamptz, -- failures do not disable it until then
    never_disable boolean NOT NULL DEFAULT false, -- nor ever
    source_filter text CHECK (source_filter IN ('ui', 'api')),
    workflows text[],
    header_names text[],
    headers_sealed bytea, -- "Name: value" lines; their values are credentials as often as not
    headers_key_id bytea,
    PRIMARY KEY (id, tenant_id)
);
CREATE INDEX endpoint_tenant ON hooktop.endpoint (tenant_id, id);

-- What an endpoint's settings were, and when: for the question why an event did or did not reach it.
CREATE TABLE hooktop.endpoint_history (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    version int NOT NULL,
    valid_from timestamptz NOT NULL,
    status text NOT NULL,
    status_reason text,
    source_filter text,
    workflows text[],
    PRIMARY KEY (tenant_id, endpoint_id, version)
);

-- What changes with every few deliveries stands apart from the settings.
CREATE TABLE hooktop.endpoint_health (
    endpoint_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    failing_since timestamptz,
    consecutive_failures int NOT NULL DEFAULT 0,
    -- the breaker: how many failures in a row said that the receiver is sick, how often in a row it opened for that (0: it is
    -- closed), until when nothing is sent, and whether one probe is on its way (until when it is believed to be)
    sick int NOT NULL DEFAULT 0,
    trips int NOT NULL DEFAULT 0,
    open_until timestamptz,
    probing boolean NOT NULL DEFAULT false,
    rate_from timestamptz, -- since when what its rate allows has been saved up
    PRIMARY KEY (endpoint_id, tenant_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- The only worker that may have leases of an endpoint's rows; NULL or no row: several may. Written by claims, which have the
-- endpoint locked.
CREATE TABLE hooktop.claimer (
    endpoint_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    worker_id uuid,
    PRIMARY KEY (endpoint_id, tenant_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- When the breaker of an endpoint opens: after so many failures in a row, for first_wait, and twice as long each time its
-- probe fails, at most most_wait.
CREATE TABLE hooktop.breaker_rule (
    failures int NOT NULL CHECK (failures > 0),
    first_wait interval NOT NULL CHECK (first_wait > '0'),
    most_wait interval NOT NULL
);
INSERT INTO hooktop.breaker_rule VALUES (5, '30 s', '15 min');

CREATE TABLE hooktop.subscription (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    pattern text NOT NULL CHECK (pattern = '*' OR pattern ~ '^[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?$'),
    valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
    valid_to timestamptz,
    PRIMARY KEY (id, tenant_id)
);
CREATE UNIQUE INDEX subscription_live ON hooktop.subscription (tenant_id, pattern, endpoint_id) WHERE valid_to IS NULL;
CREATE INDEX subscription_endpoint ON hooktop.subscription (endpoint_id);

-- A secret signs from signs_from until signs_until; the clock decides, never a job. docs/security.md, "Rotation".
CREATE TABLE hooktop.secret (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    generation int NOT NULL CHECK (generation > 0),
    sealed bytea,
    key_id bytea NOT NULL,
    public_pem text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by name NOT NULL DEFAULT session_user,
    signs_from timestamptz NOT NULL DEFAULT clock_timestamp(),
    signs_until timestamptz,
    revealed_at timestamptz,
    revealed_by name,
    confirmed_at timestamptz, -- whoever revealed it says that it arrived
    PRIMARY KEY (id, tenant_id),
    UNIQUE (tenant_id, endpoint_id, generation)
);

CREATE TABLE hooktop.signing_key (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    generation int NOT NULL CHECK (generation > 0),
    sealed bytea,
    key_id bytea NOT NULL,
    public_pem text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by name NOT NULL DEFAULT session_user,
    signs_from timestamptz NOT NULL DEFAULT clock_timestamp(),
    signs_until timestamptz,
    PRIMARY KEY (id, tenant_id),
    UNIQUE (tenant_id, generation)
);

-- What was emitted. json, not jsonb: the bytes that are signed are the bytes that were given.
CREATE TABLE hooktop.event (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    type text NOT NULL,
    data json,
    source text,
    performed_by text,
    event_name text,
    workflow text,
    key text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id, tenant_id)
) PARTITION BY RANGE (id);
CREATE INDEX event_type_id ON hooktop.event (type, id);
CREATE INDEX event_tenant ON hooktop.event (tenant_id, id);

-- A unique key cannot stand on a table that is partitioned by time.
CREATE TABLE hooktop.idempotency (
    tenant_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    event_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, key)
);

-- One row per event and endpoint from the start; updated when an attempt settles. No index may name a column that a
-- settlement changes, so that the update stays within its page.
CREATE TABLE hooktop.delivery (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    type text NOT NULL,
    status text NOT NULL CHECK (status IN ('held', 'ready', 'succeeded', 'exhausted', 'quarantined', 'cancelled')),
    reason text,
    attempts smallint NOT NULL DEFAULT 0,
    last_status smallint,
    last_error text,
    last_duration_ms int,
    last_attempt_at timestamptz,
    redelivery_of uuid,
    body_version smallint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (id, tenant_id)
) PARTITION BY RANGE (id);
CREATE INDEX delivery_tenant ON hooktop.delivery (tenant_id, id);
CREATE INDEX delivery_endpoint ON hooktop.delivery (endpoint_id, id);
CREATE INDEX delivery_type ON hooktop.delivery (type, id);
CREATE INDEX delivery_tenant_type ON hooktop.delivery (tenant_id, type, id);
CREATE INDEX delivery_event ON hooktop.delivery (event_id);

-- Only what can be claimed or is leased. Lease columns stand in no index: leasing is an update within the page.
CREATE TABLE hooktop.tenant_webhook_outbox (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    event_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    not_before timestamptz, -- of a retry that keeps its place, where order is strict
    lease_until timestamptz,
    lease_id uuid,
    worker_id uuid,
    attempts smallint NOT NULL DEFAULT 0,
    claims smallint NOT NULL DEFAULT 0,
    body_version smallint NOT NULL DEFAULT 1,
    wish text CHECK (wish IN ('cancel')),
    PRIMARY KEY (delivery_id, tenant_id)
) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000);
CREATE INDEX outbox_due ON hooktop.tenant_webhook_outbox (endpoint_id, due_at);

-- What waits for its endpoint to become active.
CREATE TABLE hooktop.held (
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    delivery_id uuid NOT NULL,
    event_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    attempts smallint NOT NULL,
    body_version smallint NOT NULL,
    held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, endpoint_id, delivery_id)
);
CREATE INDEX held_delivery ON hooktop.held (delivery_id);

-- One row per HTTP request. Lies in the partition of its delivery.
CREATE TABLE hooktop.attempt (
    delivery_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    n smallint NOT NULL,
    at timestamptz NOT NULL,
    lease_id uuid NOT NULL,
    status smallint,
    error text NOT NULL,
    error_detail text,
    dns_us int NOT NULL,
    connect_us int NOT NULL,
    tls_us int NOT NULL,
    first_byte_us int NOT NULL,
    total_us int NOT NULL,
    address text,
    tls text,
    request_headers text,
    response_headers bytea,
    response_body bytea,
    response_bytes bigint NOT NULL,
    secret_ids text,
    worker text,
    PRIMARY KEY (delivery_id, tenant_id, n)
) PARTITION BY RANGE (delivery_id);

CREATE TABLE hooktop.worker (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heartbeat_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    heard_since timestamptz NOT NULL DEFAULT clock_timestamp(), -- without a gap
    asleep boolean NOT NULL DEFAULT false,
    claiming boolean NOT NULL DEFAULT true, -- false: it stands by, ends, or has no way out
    concurrency int NOT NULL,
    in_console boolean NOT NULL,
    -- attempts that it settled since it began, and how many per second that were between its last two heartbeats
    succeeded bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    succeeded_per_s float8 NOT NULL DEFAULT 0,
    failed_per_s float8 NOT NULL DEFAULT 0,
    maintained_at timestamptz
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- Append only, one hash chain per tenant (the nil UUID: what belongs to none).
CREATE TABLE hooktop.audit (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    who name NOT NULL,
    from_addr text NOT NULL,
    action text NOT NULL,
    object text NOT NULL,
    reason text,
    detail json,
    prev_hash bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX audit_at ON hooktop.audit (at, tenant_id, seq);
CREATE TABLE hooktop.audit_tail (
    tenant_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);

RESET ROLE;
