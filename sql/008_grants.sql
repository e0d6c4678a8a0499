-- Who may do what. Tables are read through row policies; everything that writes is a function granted here.
SET ROLE hooktop_owner;

GRANT USAGE ON SCHEMA hooktop TO hooktop_viewer, hooktop_worker, hooktop_producer, hooktop_audit_reader;

-- What a viewer reads. Sealed bytes and the values of custom headers are not among it.
GRANT SELECT ON hooktop.schema_version, hooktop.ring_key, hooktop.tenant, hooktop.event_type, hooktop.endpoint_history,
    hooktop.endpoint_health, hooktop.subscription, hooktop.event, hooktop.delivery, hooktop.tenant_webhook_outbox, hooktop.held,
    hooktop.attempt, hooktop.worker, hooktop.key_state TO hooktop_viewer;
GRANT SELECT (id, tenant_id, profile, shown_url, description, status, status_reason, status_at, created_at, version, timeout_ms, schedule_s,
    rate_per_s, in_flight_max, snoozed_until, never_disable, source_filter, workflows, header_names) ON hooktop.endpoint TO hooktop_viewer;
GRANT SELECT (id, tenant_id, endpoint_id, generation, key_id, public_pem, created_at, created_by, signs_from, signs_until, revealed_at,
    revealed_by, confirmed_at) ON hooktop.secret TO hooktop_viewer;
GRANT SELECT (id, tenant_id, generation, key_id, public_pem, created_at, created_by, signs_from, signs_until)
    ON hooktop.signing_key TO hooktop_viewer;
GRANT SELECT ON hooktop.schema_version TO hooktop_worker, hooktop_producer, hooktop_audit_reader;
GRANT SELECT ON hooktop.ring_key TO hooktop_worker;
GRANT SELECT ON hooktop.tenant TO hooktop_producer; -- to emit for a tenant by its name
GRANT SELECT ON hooktop.member TO hooktop_admin;
GRANT SELECT ON hooktop.audit TO hooktop_audit_reader;

-- Row policies: the owner (whose functions check for themselves) sees all, people see their tenants.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['tenant', 'endpoint', 'endpoint_history', 'endpoint_health', 'claimer', 'subscription', 'secret', 'signing_key', 'event',
                             'idempotency', 'delivery', 'tenant_webhook_outbox', 'held', 'attempt', 'audit', 'event_type'] LOOP
        EXECUTE format('ALTER TABLE hooktop.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE hooktop.%I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON hooktop.%I TO hooktop_owner USING (true) WITH CHECK (true)', t);
        EXECUTE format('CREATE POLICY people ON hooktop.%I FOR SELECT TO hooktop_viewer, hooktop_audit_reader, hooktop_producer USING ((SELECT hooktop.sees_all()) OR %I IN (SELECT hooktop.my_tenants())%s)',
                       t, CASE t WHEN 'tenant' THEN 'id' ELSE 'tenant_id' END,
                       CASE t WHEN 'event_type' THEN ' OR tenant_id = ''00000000-0000-0000-0000-000000000000''' ELSE '' END);
    END LOOP;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA hooktop FROM PUBLIC;
DO $$
DECLARE
    g record;
    f regprocedure;
BEGIN
    FOR g IN SELECT * FROM (VALUES
        ('hooktop_viewer', 'whoami'), ('hooktop_worker', 'whoami'), ('hooktop_producer', 'whoami'), ('hooktop_audit_reader', 'whoami'),
        ('hooktop_viewer', 'sees_all'), ('hooktop_viewer', 'my_tenants'), ('hooktop_audit_reader', 'sees_all'), ('hooktop_audit_reader', 'my_tenants'),
        ('hooktop_producer', 'sees_all'), ('hooktop_producer', 'my_tenants'),
        ('hooktop_viewer', 'uuid_at'), ('hooktop_audit_reader', 'uuid_at'), ('hooktop_viewer', 'patterns_of'),
        ('hooktop_viewer', 'endpoint_url'),
        ('hooktop_producer', 'emit'), ('hooktop_producer', 'emit_counted'),
        ('hooktop_worker', 'heartbeat'), ('hooktop_worker', 'maintain'), ('hooktop_worker', 'goodbye'), ('hooktop_worker', 'waiting'), ('hooktop_worker', 'backlog'),
        ('hooktop_worker', 'claim'), ('hooktop_worker', 'targets'), ('hooktop_worker', 'target_secrets'), ('hooktop_worker', 'sealed_secrets'),
        ('hooktop_worker', 'settle'), ('hooktop_worker', 'renew'), ('hooktop_worker', 'release'), ('hooktop_worker', 'make_partitions'),
        ('hooktop_support', 'delivery_cancel'), ('hooktop_support', 'audit_ping'),
        ('hooktop_support', 'endpoint_verified'), ('hooktop_support', 'endpoint_state'), ('hooktop_viewer', 'backlog'),
        ('hooktop_admin', 'tenant_add'), ('hooktop_admin', 'type_add'), ('hooktop_admin', 'endpoint_add'), ('hooktop_admin', 'endpoint_edit'),
        ('hooktop_admin', 'subscribe'), ('hooktop_admin', 'subscriptions_restore'), ('hooktop_admin', 'secret_next'), ('hooktop_admin', 'secret_add'), ('hooktop_admin', 'secret_reveal'),
        ('hooktop_admin', 'secret_confirm'), ('hooktop_support', 'audit_probe'),
        ('hooktop_admin', 'secret_promote'), ('hooktop_admin', 'secret_revoke'), ('hooktop_admin', 'sealed_count')
    ) AS v (role, func) LOOP
        FOR f IN SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                 WHERE n.nspname = 'hooktop' AND p.proname = g.func LOOP
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, g.role);
        END LOOP;
    END LOOP;
END $$;

RESET ROLE;

-- Whoever set this up sees every tenant and may do everything: it can act as the owner anyway.
INSERT INTO hooktop.member (login) VALUES (session_user) ON CONFLICT DO NOTHING;
