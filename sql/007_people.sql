-- What people and commands may do. Each function checks its tenant, does its work and leaves its audit entry, all in one
-- transaction.
SET ROLE hooktop_owner;

CREATE FUNCTION hooktop.whoami()
    RETURNS TABLE (login text, database text, server_version text, schema_version int, may_operate boolean, may_admin boolean,
                   may_deliver boolean, may_emit boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT session_user::text, current_database()::text, current_setting('server_version'),
           (SELECT max(version) FROM schema_version),
           pg_has_role(session_user, 'hooktop_support', 'MEMBER'), pg_has_role(session_user, 'hooktop_admin', 'MEMBER'),
           pg_has_role(session_user, 'hooktop_worker', 'MEMBER'), pg_has_role(session_user, 'hooktop_producer', 'MEMBER')
$$;

-- tenants and types
CREATE FUNCTION hooktop.tenant_add(name text, profile text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    made uuid := uuid7();
BEGIN
    IF NOT sees_all() THEN
        PERFORM fail('denied', format('the login %s sees only its own tenants', session_user), 'ask an admin of all tenants');
    ELSIF tenant_add.profile <> 'standard' AND NOT EXISTS (SELECT FROM event_type t WHERE t.profile = tenant_add.profile AND t.state <> 'raised') THEN
        PERFORM fail('input', format('there is no profile "%s"', left(tenant_add.profile, 60)), 'hooktop type list shows the profiles');
    ELSIF tenant_add.name IS NULL OR tenant_add.name !~ '^[[:alnum:]][[:alnum:] ._-]{0,79}$' THEN
        PERFORM fail('input', 'a tenant''s name has 1 to 80 letters, digits, blanks, ".", "_" or "-" and starts with a letter or digit', NULL);
    ELSIF EXISTS (SELECT FROM tenant t WHERE t.name = tenant_add.name) THEN
        PERFORM fail('state', format('there is a tenant "%s" already', tenant_add.name), 'choose another name');
    END IF;
    INSERT INTO tenant (id, name, profile) VALUES (made, tenant_add.name, tenant_add.profile);
    PERFORM audit_add(made, 'tenant.added', made::text, NULL, json_build_object('name', tenant_add.name, 'profile', tenant_add.profile));
    RETURN made;
END $$;

CREATE FUNCTION hooktop.catalogue_put(profile text, name text, state text, description text, contract json, sample json) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
    INSERT INTO event_type (profile, name, state, description, contract, sample) VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, profile, name) DO UPDATE
    SET state = excluded.state, description = excluded.description, contract = excluded.contract, sample = excluded.sample
$$;

CREATE FUNCTION hooktop.type_add(tenant uuid, name text, description text, contract json, sample json) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
DECLARE
    prof text;
    taken text;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT t.profile INTO prof FROM tenant t WHERE t.id = tenant;
    SELECT t.profile INTO taken FROM event_type t WHERE t.profile IN (prof, 'operator') AND t.name = type_add.name
        AND t.tenant_id = '00000000-0000-0000-0000-000000000000';
    IF type_add.name IS NULL OR type_add.name !~ '^[a-z0-9_.]{1,128}$' THEN
        PERFORM fail('input', format('"%s" is no event type: 1 to 128 of a-z, 0-9, "_" and "."', left(type_add.name, 140)), NULL);
    ELSIF taken IS NOT NULL THEN
        PERFORM fail('state', format('profile %s has a type %s already', taken, type_add.name), 'its contract is not the tenant''s; choose another name');
    ELSIF contract IS NOT NULL AND json_typeof(contract) <> 'object' THEN
        PERFORM fail('input', 'a contract is a JSON object', 'see docs/contracts.md');
    END IF;
    IF sample IS NOT NULL THEN
        PERFORM check_contract(contract, sample);
    END IF;
    INSERT INTO event_type (tenant_id, profile, name, state, description, contract, sample)
    VALUES (tenant, prof, type_add.name, 'emitted', coalesce(type_add.description, ''), type_add.contract, type_add.sample)
    ON CONFLICT (tenant_id, profile, name) DO UPDATE
    SET description = excluded.description, contract = excluded.contract, sample = excluded.sample;
    PERFORM audit_add(tenant, 'type.added', type_add.name, NULL, NULL);
END $$;

-- endpoints
CREATE FUNCTION hooktop.endpoint_remember() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' OR NEW.version <> OLD.version THEN
        INSERT INTO endpoint_history VALUES (NEW.tenant_id, NEW.id, NEW.version, clock_timestamp(), NEW.status, NEW.status_reason,
                                             NEW.source_filter, NEW.workflows);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER endpoint_remember AFTER INSERT OR UPDATE ON hooktop.endpoint
    FOR EACH ROW EXECUTE FUNCTION hooktop.endpoint_remember();

CREATE FUNCTION hooktop.text_array(a json) RETURNS text[] LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT array_agg(v) FROM json_array_elements_text(nullif(a #>> '{}', '')::json) v WHERE json_typeof(a) = 'array'
$$;

CREATE FUNCTION hooktop.endpoint_set(tenant uuid, endpoint uuid, settings json) RETURNS void LANGUAGE sql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    UPDATE endpoint e
    SET timeout_ms = (settings ->> 'timeout_ms')::int, rate_per_s = (settings ->> 'rate_per_s')::float8,
        schedule_s = text_array(settings -> 'schedule_s')::int[], in_flight_max = coalesce((settings ->> 'in_flight_max')::int, 4),
        source_filter = settings ->> 'source_filter', workflows = text_array(settings -> 'workflows'), version = version + 1
    WHERE e.id = endpoint AND e.tenant_id = tenant;
    -- where order is strict from now on, retries stand in their places
    UPDATE tenant_webhook_outbox o SET due_at = uuid_time(o.delivery_id), not_before = o.due_at
    WHERE o.endpoint_id = endpoint AND o.tenant_id = tenant AND o.attempts > 0 AND o.not_before IS NULL
      AND (settings ->> 'in_flight_max')::int = 1
$$;

-- Custom headers: their names, and all of them sealed. Settings that do not speak of them leave them as they are.
CREATE FUNCTION hooktop.headers_set(tenant uuid, endpoint uuid, settings json) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    blob bytea := decode(settings #>> '{headers,sealed}', 'hex');
    names text[] := text_array(settings #> '{headers,names}');
BEGIN
    IF json_typeof(settings -> 'headers') IS DISTINCT FROM 'object' THEN
        RETURN;
    ELSIF (blob IS NULL) <> (names IS NULL) THEN
        PERFORM fail('input', 'custom headers come as names and sealed bytes', 'use hooktop endpoint edit');
    ELSIF blob IS NOT NULL THEN
        PERFORM check_sealed_to(substr(blob, 5, 8));
    END IF;
    UPDATE endpoint e SET header_names = names, headers_sealed = blob, headers_key_id = substr(blob, 5, 8)
    WHERE e.id = endpoint AND e.tenant_id = tenant;
END $$;

-- What is sealed must stay openable: to a key that has been retired nothing is sealed any more.
CREATE FUNCTION hooktop.check_sealed_to(key bytea) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM FROM ring_key r WHERE r.id = key FOR SHARE;
    IF NOT FOUND THEN
        PERFORM fail('state', format('it is sealed to key %s, which this database does not know', encode(key, 'hex')),
                     'try again: the key ring may just have been changed');
    END IF;
END $$;

CREATE FUNCTION hooktop.find_endpoint(tenant uuid, endpoint uuid) RETURNS hooktop.endpoint LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT * INTO e FROM endpoint x WHERE x.id = endpoint AND x.tenant_id = tenant AND x.status <> 'removed' FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no endpoint %s', endpoint), 'hooktop endpoint list shows them');
    END IF;
    RETURN e;
END $$;

-- The whole URL, for those who send to it or change it; NULL for others.
CREATE FUNCTION hooktop.endpoint_url(tenant uuid, endpoint uuid) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM check_tenant(tenant);
    RETURN (SELECT e.url FROM endpoint e WHERE e.id = endpoint AND e.tenant_id = tenant
            AND pg_has_role(session_user, 'hooktop_support', 'MEMBER'));
END $$;

CREATE FUNCTION hooktop.endpoint_add(id uuid, tenant uuid, profile text, url text, description text, status text, settings json,
        patterns text[], secret_id uuid, generation int, sealed bytea, key_id bytea, public_pem text, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    p text;
    own text;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT t.profile INTO own FROM tenant t WHERE t.id = tenant;
    IF profile NOT IN (own, 'standard') THEN
        PERFORM fail('input', format('the tenant''s profile is %s', own), format('use --profile %s or --profile standard', own));
    ELSIF status NOT IN ('active', 'unverified') THEN
        PERFORM fail('input', 'a new endpoint is active or unverified', NULL);
    END IF;
    INSERT INTO endpoint (id, tenant_id, profile, url, description, status, status_reason)
    VALUES (endpoint_add.id, tenant, endpoint_add.profile, endpoint_add.url, coalesce(endpoint_add.description, ''), endpoint_add.status,
            CASE endpoint_add.status WHEN 'unverified' THEN 'its test event has not been answered yet' END);
    PERFORM endpoint_set(tenant, endpoint_add.id, settings);
    PERFORM headers_set(tenant, endpoint_add.id, settings);
    FOREACH p IN ARRAY coalesce(patterns, '{}') LOOP
        PERFORM subscribe_one(tenant, endpoint_add.id, endpoint_add.profile, p);
    END LOOP;
    IF secret_id IS NOT NULL THEN
        PERFORM check_sealed_to(endpoint_add.key_id);
        INSERT INTO secret (id, tenant_id, endpoint_id, generation, sealed, key_id, public_pem, revealed_at, revealed_by)
        VALUES (secret_id, tenant, endpoint_add.id, endpoint_add.generation, endpoint_add.sealed, endpoint_add.key_id,
                endpoint_add.public_pem, clock_timestamp(), session_user);
    END IF;
    PERFORM audit_add(tenant, 'endpoint.added', endpoint_add.id::text, reason,
                      json_build_object('profile', endpoint_add.profile, 'url', split_part(endpoint_add.url, '?', 1), 'patterns', patterns));
END $$;

CREATE FUNCTION hooktop.subscribe_one(tenant uuid, endpoint uuid, profile text, pattern text) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
#variable_conflict use_column
BEGIN
    IF pattern IS NULL OR NOT (pattern = '*' OR pattern ~ '^[a-z0-9_]+(\.[a-z0-9_]+)*(\.\*)?$') THEN
        PERFORM fail('input', format('"%s" is no pattern', left(pattern, 140)), 'use a type''s name, a prefix with .* at its end, or *');
    ELSIF profile <> 'standard' AND pattern !~ '\*$' AND NOT EXISTS (
            SELECT FROM event_type t WHERE t.profile IN (subscribe_one.profile, 'operator') AND t.name = pattern AND t.state <> 'test'
            AND t.tenant_id IN (tenant, '00000000-0000-0000-0000-000000000000')) THEN
        PERFORM fail('missing', format('profile %s has no event type "%s"', profile, pattern), 'hooktop type list shows its types');
    END IF;
    INSERT INTO subscription (id, tenant_id, endpoint_id, pattern) VALUES (uuid7(), tenant, endpoint, subscribe_one.pattern)
    ON CONFLICT (tenant_id, pattern, endpoint_id) WHERE valid_to IS NULL DO NOTHING;
END $$;

CREATE FUNCTION hooktop.subscribe(tenant uuid, endpoint uuid, pattern text, on_off boolean, reason text) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint := find_endpoint(tenant, endpoint);
BEGIN
    IF on_off THEN
        PERFORM subscribe_one(tenant, endpoint, (SELECT t.profile FROM tenant t WHERE t.id = tenant), pattern);
    ELSE
        UPDATE subscription s SET valid_to = clock_timestamp()
        WHERE s.tenant_id = tenant AND s.endpoint_id = endpoint AND s.pattern = subscribe.pattern AND s.valid_to IS NULL;
        IF NOT FOUND THEN
            PERFORM fail('missing', format('the endpoint is not subscribed to "%s"', left(pattern, 140)), NULL);
        END IF;
    END IF;
    PERFORM audit_add(tenant, CASE WHEN on_off THEN 'subscription.added' ELSE 'subscription.removed' END, endpoint::text, reason,
                      json_build_object('pattern', pattern));
END $$;

-- What an endpoint is subscribed to, as it was before a change, unless somebody changed it since (`is_now`: what the change left).
CREATE FUNCTION hooktop.subscriptions_restore(tenant uuid, endpoint uuid, was text[], is_now text[], reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint := find_endpoint(tenant, endpoint);
    live text[] := ARRAY(SELECT s.pattern FROM subscription s
                         WHERE s.tenant_id = tenant AND s.endpoint_id = e.id AND s.valid_to IS NULL ORDER BY 1);
    other name;
    p text;
BEGIN
    IF NOT (live @> is_now AND live <@ is_now) THEN
        SELECT a.who INTO other FROM audit a WHERE a.tenant_id = tenant AND a.object = e.id::text AND a.action LIKE 'subscription.%'
        ORDER BY a.seq DESC LIMIT 1;
        PERFORM fail('state', format('nothing was taken back: what it is subscribed to was changed since, by %s', other),
                     'its Subscriptions tab shows what it is now');
    END IF;
    UPDATE subscription s SET valid_to = clock_timestamp()
    WHERE s.tenant_id = tenant AND s.endpoint_id = e.id AND s.valid_to IS NULL AND s.pattern <> ALL (was);
    FOREACH p IN ARRAY was LOOP
        PERFORM subscribe_one(tenant, e.id, (SELECT t.profile FROM tenant t WHERE t.id = tenant), p);
    END LOOP;
    PERFORM audit_add(tenant, 'subscription.restored', e.id::text, reason, json_build_object(
        'added', ARRAY(SELECT w FROM unnest(was) w WHERE w <> ALL (live) ORDER BY 1),
        'removed', ARRAY(SELECT l FROM unnest(live) l WHERE l <> ALL (was) ORDER BY 1)));
END $$;

CREATE FUNCTION hooktop.endpoint_edit(tenant uuid, id uuid, url text, description text, settings json, reason text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint := find_endpoint(tenant, id);
BEGIN
    UPDATE endpoint x SET url = endpoint_edit.url, description = coalesce(endpoint_edit.description, '')
    WHERE x.id = e.id AND x.tenant_id = tenant;
    PERFORM endpoint_set(tenant, e.id, settings);
    PERFORM headers_set(tenant, e.id, settings);
    -- a verified address says nothing of another one
    IF e.url <> endpoint_edit.url AND e.profile = 'claimport' AND e.status IN ('active', 'unverified') THEN
        UPDATE endpoint x SET status = 'unverified', status_reason = 'its URL changed and its test event has not been answered yet',
               status_at = clock_timestamp(), version = version + 1 WHERE x.id = e.id AND x.tenant_id = tenant;
        PERFORM hold_rows(tenant, e.id, 'endpoint is unverified');
    END IF;
    PERFORM audit_add(tenant, 'endpoint.edited', e.id::text, reason,
                      json_build_object('url_before', split_part(e.url, '?', 1), 'url_after', split_part(endpoint_edit.url, '?', 1)));
END $$;

-- Puts what is held back into the outbox; with a rate, spread over time, oldest first. Where order is strict each gets its
-- place back, before whatever was emitted since, and what it waits for is `not_before`.
CREATE FUNCTION hooktop.release_held(tenant uuid, endpoint uuid, rate float8) RETURNS bigint LANGUAGE sql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH e AS MATERIALIZED (
        SELECT e.in_flight_max = 1 AS in_order, clock_timestamp() AS now_at FROM endpoint e WHERE e.id = endpoint AND e.tenant_id = tenant
    ), h AS (
        DELETE FROM held h WHERE h.tenant_id = tenant AND h.endpoint_id = endpoint RETURNING *
    ), numbered AS (
        SELECT h.*, e.in_order, e.now_at + coalesce((row_number() OVER (ORDER BY h.delivery_id) - 1) / nullif(rate, 0), 0) * interval '1 s' AS at
        FROM h CROSS JOIN e
    ), o AS (
        INSERT INTO tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at, not_before, attempts, body_version)
        SELECT n.tenant_id, n.endpoint_id, n.delivery_id, n.event_id, CASE WHEN n.in_order THEN uuid_time(n.delivery_id) ELSE n.at END,
               CASE WHEN n.in_order AND rate > 0 THEN n.at END, n.attempts, n.body_version
        FROM numbered n
    ), ids AS (
        SELECT array_agg(h.delivery_id) AS ids FROM h
    )
    SELECT coalesce(cardinality(ids), 0) FROM ids, set_status(tenant, ids, 'ready', NULL)
$$;
CREATE FUNCTION hooktop.cancel_held(tenant uuid, endpoint uuid, why text) RETURNS bigint LANGUAGE sql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    WITH h AS (
        DELETE FROM held h WHERE h.tenant_id = tenant AND h.endpoint_id = endpoint RETURNING *
    ), ids AS (
        SELECT array_agg(h.delivery_id) AS ids FROM h
    )
    SELECT coalesce(cardinality(ids), 0) FROM ids, set_status(tenant, ids, 'cancelled', why)
$$;

-- Pausing and disabling hold what waits; resuming, enabling and releasing decide what becomes of the held; removing cancels.
CREATE FUNCTION hooktop.endpoint_state(tenant uuid, id uuid, to_status text, held text, rate float8, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint := find_endpoint(tenant, id);
    moved bigint := 0;
    why text := format('%s by %s', to_status, session_user) || coalesce(': ' || reason, '');
BEGIN
    IF to_status NOT IN ('active', 'paused', 'disabled', 'removed') THEN
        PERFORM fail('input', format('an endpoint cannot be made %s', to_status), NULL);
    ELSIF (to_status IN ('disabled', 'removed') OR e.status = 'disabled') AND NOT pg_has_role(session_user, 'hooktop_admin', 'MEMBER') THEN
        PERFORM fail('denied', 'support may pause and resume', 'disabling, enabling and removing need the role hooktop_admin');
    END IF;
    IF e.status = 'unverified' AND to_status = 'active' THEN
        PERFORM fail('state', 'the endpoint is unverified', 'send its test event first: hooktop ping ' || e.id);
    END IF;
    IF to_status <> e.status THEN
        UPDATE endpoint x SET status = to_status, status_reason = CASE to_status WHEN 'active' THEN NULL ELSE why END,
               status_at = clock_timestamp(), version = version + 1 WHERE x.id = e.id AND x.tenant_id = tenant;
    END IF;
    IF to_status = 'active' THEN
        -- what was emitted while somebody held the lock waits in the outbox: what is chosen goes for it too
        IF e.status <> 'active' THEN
            PERFORM hold_rows(tenant, e.id, why, NULL);
        END IF;
        UPDATE endpoint_health h SET failing_since = NULL, consecutive_failures = 0, sick = 0, trips = 0, open_until = NULL, probing = false
        WHERE h.endpoint_id = e.id AND h.tenant_id = tenant;
        IF held = 'release' THEN
            moved := release_held(tenant, e.id, rate);
            PERFORM wake(e.id);
        ELSIF held = 'cancel' THEN
            moved := cancel_held(tenant, e.id, why);
        END IF;
    ELSE
        moved := hold_rows(tenant, e.id, why);
        IF to_status = 'removed' THEN
            moved := cancel_held(tenant, e.id, why);
            UPDATE tenant_webhook_outbox o SET wish = 'cancel' WHERE o.tenant_id = tenant AND o.endpoint_id = e.id;
            UPDATE subscription s SET valid_to = clock_timestamp() WHERE s.tenant_id = tenant AND s.endpoint_id = e.id AND s.valid_to IS NULL;
        ELSIF held = 'cancel' THEN
            moved := cancel_held(tenant, e.id, why);
        END IF;
    END IF;
    PERFORM audit_add(tenant, 'endpoint.' || to_status, e.id::text, reason,
                      json_build_object('before', e.status, 'after', to_status, 'held', held, 'moved', moved));
    RETURN moved;
END $$;

CREATE FUNCTION hooktop.endpoint_verified(tenant uuid, id uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    e endpoint := find_endpoint(tenant, id);
    moved bigint := 0;
BEGIN
    IF e.status = 'unverified' THEN
        UPDATE endpoint x SET status = 'active', status_reason = NULL, status_at = clock_timestamp(), version = version + 1
        WHERE x.id = e.id AND x.tenant_id = tenant;
        PERFORM hold_rows(tenant, e.id, 'endpoint is unverified', NULL);
        moved := release_held(tenant, e.id, 0);
        PERFORM wake(e.id);
        PERFORM audit_add(tenant, 'endpoint.verified', e.id::text, NULL, json_build_object('released', moved));
    END IF;
    RETURN moved;
END $$;

CREATE FUNCTION hooktop.audit_ping(tenant uuid, endpoint uuid, detail json, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM check_tenant(tenant);
    PERFORM audit_add(tenant, 'endpoint.pinged', endpoint::text, reason, detail);
END $$;

CREATE FUNCTION hooktop.audit_probe(tenant uuid, endpoint uuid, detail json, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM check_tenant(tenant);
    PERFORM audit_add(tenant, 'secret.probed', endpoint::text, reason, detail);
END $$;

-- deliveries
CREATE FUNCTION hooktop.find_delivery(tenant uuid, delivery uuid) RETURNS hooktop.delivery LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    d delivery;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT * INTO d FROM delivery x WHERE x.id = delivery AND x.tenant_id = tenant;
    -- until we are done nobody makes its endpoint active and moves what is held there (claiming is not in the way of this)
    PERFORM FROM endpoint e WHERE e.id = d.endpoint_id AND e.tenant_id = tenant FOR KEY SHARE;
    SELECT * INTO d FROM delivery x WHERE x.id = delivery AND x.tenant_id = tenant;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no delivery %s', delivery), 'hooktop delivery list shows them');
    END IF;
    RETURN d;
END $$;

-- Takes back what still waits of a delivery. A leased one is being sent: the wish is noted and applied when it settles,
-- unless it succeeded. Returns whether anything was there to cancel.
CREATE FUNCTION hooktop.cancel_waiting(d hooktop.delivery, why text) RETURNS boolean LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    free boolean;
BEGIN
    SELECT o.lease_until IS NULL OR o.lease_until <= clock_timestamp() INTO free FROM tenant_webhook_outbox o
    WHERE o.tenant_id = d.tenant_id AND o.endpoint_id = d.endpoint_id AND o.delivery_id = d.id FOR UPDATE;
    IF FOUND AND NOT free THEN
        UPDATE tenant_webhook_outbox o SET wish = 'cancel'
        WHERE o.tenant_id = d.tenant_id AND o.endpoint_id = d.endpoint_id AND o.delivery_id = d.id;
        RETURN true;
    END IF;
    DELETE FROM tenant_webhook_outbox o WHERE o.tenant_id = d.tenant_id AND o.endpoint_id = d.endpoint_id AND o.delivery_id = d.id;
    IF NOT FOUND THEN
        DELETE FROM held h WHERE h.tenant_id = d.tenant_id AND h.endpoint_id = d.endpoint_id AND h.delivery_id = d.id;
    END IF;
    IF FOUND OR d.status = 'quarantined' THEN
        UPDATE delivery x SET status = 'cancelled', reason = why WHERE x.id = d.id AND x.tenant_id = d.tenant_id;
        RETURN true;
    END IF;
    RETURN false;
END $$;

CREATE FUNCTION hooktop.delivery_cancel(tenant uuid, id uuid, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    d delivery := find_delivery(tenant, id);
BEGIN
    IF NOT cancel_waiting(d, 'cancelled by ' || session_user || coalesce(': ' || reason, '')) THEN
        PERFORM fail('state', format('the delivery is %s: nothing of it waits', d.status), NULL);
    END IF;
    PERFORM audit_add(tenant, 'delivery.cancelled', d.id::text, reason, NULL);
END $$;

-- secrets
CREATE FUNCTION hooktop.secret_next(tenant uuid, endpoint uuid) RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM check_tenant(tenant);
    RETURN (SELECT coalesce(max(k.generation), 0) + 1 FROM key_state k WHERE k.tenant_id = tenant AND k.endpoint_id = endpoint);
END $$;

-- One change at a time to the generations of an endpoint, or (endpoint nil) of a tenant's key.
CREATE FUNCTION hooktop.lock_keys(tenant uuid, endpoint uuid) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    PERFORM check_tenant(tenant);
    IF endpoint = '00000000-0000-0000-0000-000000000000' THEN
        PERFORM FROM tenant t WHERE t.id = tenant FOR UPDATE;
    ELSE
        PERFORM find_endpoint(tenant, endpoint);
    END IF;
END $$;

CREATE FUNCTION hooktop.secret_add(tenant uuid, endpoint uuid, id uuid, generation int, sealed bytea, key_id bytea, public_pem text,
                                   staged boolean, ms bigint, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    now_at timestamptz;
    cut timestamptz;
    nil constant uuid := '00000000-0000-0000-0000-000000000000';
    live int;
    first boolean;
    signing int;
BEGIN
    PERFORM lock_keys(tenant, endpoint);
    now_at := clock_timestamp();
    cut := now_at + ms * interval '1 ms';
    IF ms IS NULL OR ms NOT BETWEEN 0 AND 604800000 THEN
        PERFORM fail('input', 'an overlap or cut-over lies between 0 and 7 days', NULL);
    END IF;
    PERFORM check_sealed_to(secret_add.key_id);
    SELECT count(*) FILTER (WHERE k.state <> 'expired'), count(*) = 0, max(k.generation) FILTER (WHERE k.state = 'active')
    INTO live, first, signing FROM key_state k WHERE k.tenant_id = tenant AND k.endpoint_id = endpoint;
    IF live >= 3 AND ms > 0 THEN
        PERFORM fail('state', 'three generations are live already', 'revoke one first: hooktop secret revoke, or rotate with --overlap 0');
    END IF;
    IF signing IS NULL THEN
        cut := now_at; -- nothing signs: the new one has nothing to wait for
    END IF;
    -- The one that signs now goes on until the cut, however a former rotation had it: no moment may be without a signature.
    -- Those that were to end before it still do, and a `next` that never signed gives way.
    IF endpoint = nil THEN
        UPDATE signing_key s SET signs_until = CASE WHEN s.signs_from > now_at THEN now_at WHEN s.generation = signing THEN cut
                                                    ELSE least(s.signs_until, cut) END
        WHERE s.tenant_id = tenant AND (s.signs_until IS NULL OR s.signs_until > now_at);
        INSERT INTO signing_key (id, tenant_id, generation, sealed, key_id, public_pem, signs_from)
        VALUES (secret_add.id, tenant, secret_add.generation, secret_add.sealed, secret_add.key_id, secret_add.public_pem,
                CASE WHEN staged THEN cut ELSE now_at END);
        UPDATE endpoint e SET version = version + 1 WHERE e.tenant_id = tenant AND e.profile = 'instnt' AND e.status <> 'removed';
    ELSE
        UPDATE secret s SET signs_until = CASE WHEN s.signs_from > now_at THEN now_at WHEN s.generation = signing THEN cut
                                               ELSE least(s.signs_until, cut) END
        WHERE s.tenant_id = tenant AND s.endpoint_id = endpoint AND (s.signs_until IS NULL OR s.signs_until > now_at);
        INSERT INTO secret (id, tenant_id, endpoint_id, generation, sealed, key_id, public_pem, signs_from)
        VALUES (secret_add.id, tenant, endpoint, secret_add.generation, secret_add.sealed, secret_add.key_id, secret_add.public_pem,
                CASE WHEN staged THEN cut ELSE now_at END);
        UPDATE endpoint e SET version = version + 1 WHERE e.id = endpoint AND e.tenant_id = tenant;
    END IF;
    PERFORM audit_add(tenant, CASE WHEN first THEN 'secret.created' ELSE 'secret.rotated' END, secret_add.id::text, reason,
        json_build_object('endpoint', nullif(endpoint, nil), 'generation', secret_add.generation, 'staged', staged, 'cut', cut));
END $$;

-- The one reveal: true for exactly one caller, ever.
CREATE FUNCTION hooktop.secret_reveal(id uuid) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    t uuid;
BEGIN
    SELECT s.tenant_id INTO t FROM secret s WHERE s.id = secret_reveal.id;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no secret %s', id), NULL);
    END IF;
    PERFORM check_tenant(t);
    UPDATE secret s SET revealed_at = clock_timestamp(), revealed_by = session_user
    WHERE s.id = secret_reveal.id AND s.tenant_id = t AND s.revealed_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM audit_add(t, 'secret.revealed', id::text, NULL, NULL);
    RETURN true;
END $$;

-- Whoever was shown a secret says that it arrived. A secret without this was revealed to a process that may have ended
-- before anybody saw it; it is not shown again.
CREATE FUNCTION hooktop.secret_confirm(id uuid) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    t uuid;
BEGIN
    SELECT s.tenant_id INTO t FROM secret s WHERE s.id = secret_confirm.id;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no secret %s', id), NULL);
    END IF;
    PERFORM check_tenant(t);
    UPDATE secret s SET confirmed_at = clock_timestamp()
    WHERE s.id = secret_confirm.id AND s.tenant_id = t AND s.revealed_by = session_user AND s.confirmed_at IS NULL;
    IF NOT FOUND THEN
        PERFORM fail('state', format('no secret %s was revealed to %s and waits to be confirmed', id, session_user), NULL);
    END IF;
    PERFORM audit_add(t, 'secret.confirmed', id::text, NULL, NULL);
END $$;

-- Lets the `next` generation sign now; the ones before it stop. Returns its id.
CREATE FUNCTION hooktop.secret_promote(tenant uuid, endpoint uuid, reason text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    now_at timestamptz;
    n record;
BEGIN
    PERFORM lock_keys(tenant, endpoint);
    now_at := clock_timestamp();
    SELECT k.id, k.kind, k.generation INTO n FROM key_state k
    WHERE k.tenant_id = tenant AND k.endpoint_id = endpoint AND k.state = 'next' ORDER BY k.generation DESC LIMIT 1;
    IF NOT FOUND THEN
        PERFORM fail('state', 'no secret waits to be promoted', 'rotate first: hooktop secret rotate');
    END IF;
    IF n.kind = 'secret' THEN
        UPDATE secret s SET signs_until = now_at WHERE s.tenant_id = tenant AND s.endpoint_id = endpoint AND s.id <> n.id
            AND (s.signs_until IS NULL OR s.signs_until > now_at);
        UPDATE secret s SET signs_from = now_at WHERE s.id = n.id AND s.tenant_id = tenant;
    ELSE
        UPDATE signing_key s SET signs_until = now_at WHERE s.tenant_id = tenant AND s.id <> n.id
            AND (s.signs_until IS NULL OR s.signs_until > now_at);
        UPDATE signing_key s SET signs_from = now_at WHERE s.id = n.id AND s.tenant_id = tenant;
    END IF;
    UPDATE endpoint e SET version = version + 1 WHERE e.tenant_id = tenant AND (e.id = endpoint OR n.kind = 'signing_key');
    PERFORM audit_add(tenant, 'secret.promoted', n.id::text, reason,
                      json_build_object('endpoint', nullif(endpoint, '00000000-0000-0000-0000-000000000000'), 'generation', n.generation));
    RETURN n.id;
END $$;

-- Ends one generation now. The one that signs cannot be ended: rotate instead.
CREATE FUNCTION hooktop.secret_revoke(tenant uuid, id uuid, reason text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    k record;
    now_at timestamptz;
BEGIN
    PERFORM check_tenant(tenant);
    SELECT s.endpoint_id INTO k FROM key_state s WHERE s.tenant_id = tenant AND s.id = secret_revoke.id;
    IF NOT FOUND THEN
        PERFORM fail('missing', format('there is no secret %s', id), 'hooktop secret list shows them');
    END IF;
    PERFORM lock_keys(tenant, k.endpoint_id);
    now_at := clock_timestamp();
    SELECT s.id, s.kind, s.endpoint_id, s.state, s.generation INTO k FROM key_state s WHERE s.tenant_id = tenant AND s.id = secret_revoke.id;
    IF k.state = 'expired' THEN
        PERFORM fail('state', 'that secret has expired already', NULL);
    ELSIF k.state = 'active' THEN
        PERFORM fail('state', 'that secret is the one that signs', 'rotate with --overlap 0s to replace it at once');
    END IF;
    -- ending a `next` gives the active one, which was to end when that began, its time back
    IF k.kind = 'secret' THEN
        UPDATE secret s SET signs_until = NULL WHERE k.state = 'next' AND s.tenant_id = tenant AND s.endpoint_id = k.endpoint_id
            AND s.id = (SELECT x.id FROM key_state x WHERE x.tenant_id = tenant AND x.endpoint_id = k.endpoint_id AND x.state = 'active');
        UPDATE secret s SET signs_until = now_at WHERE s.id = k.id AND s.tenant_id = tenant;
    ELSE
        UPDATE signing_key s SET signs_until = NULL WHERE k.state = 'next' AND s.tenant_id = tenant
            AND s.id = (SELECT x.id FROM key_state x WHERE x.tenant_id = tenant AND x.endpoint_id = k.endpoint_id AND x.state = 'active');
        UPDATE signing_key s SET signs_until = now_at WHERE s.id = k.id AND s.tenant_id = tenant;
    END IF;
    UPDATE endpoint e SET version = version + 1 WHERE e.tenant_id = tenant AND (e.id = k.endpoint_id OR k.kind = 'signing_key');
    PERFORM audit_add(tenant, 'secret.revoked', k.id::text, reason, json_build_object(
        'endpoint', nullif(k.endpoint_id, '00000000-0000-0000-0000-000000000000'), 'generation', k.generation, 'was', k.state));
END $$;

CREATE FUNCTION hooktop.sealed_count() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
    SELECT (SELECT count(*) FROM secret WHERE sealed IS NOT NULL) + (SELECT count(*) FROM signing_key WHERE sealed IS NOT NULL)
        + (SELECT count(*) FROM endpoint WHERE headers_sealed IS NOT NULL)
$$;

RESET ROLE;
