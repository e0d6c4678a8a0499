-- The log's page by status. A delivery's status changes, and an index that named it would cost every settlement; what did not
-- succeed in the end is little, so it is listed apart. (What waits is in the outbox and in `held`.)
SET ROLE hooktop_owner;

CREATE TABLE hooktop.ended (
    delivery_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('exhausted', 'quarantined', 'cancelled')),
    PRIMARY KEY (delivery_id, tenant_id)
);
CREATE INDEX ended_status ON hooktop.ended (status, delivery_id);
CREATE INDEX ended_tenant ON hooktop.ended (tenant_id, status, delivery_id);
CREATE INDEX ended_endpoint ON hooktop.ended (endpoint_id, status, delivery_id);

ALTER TABLE hooktop.ended ENABLE ROW LEVEL SECURITY;
ALTER TABLE hooktop.ended FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON hooktop.ended TO hooktop_owner USING (true) WITH CHECK (true);
CREATE POLICY people ON hooktop.ended FOR SELECT TO hooktop_viewer
    USING ((SELECT hooktop.sees_all()) OR tenant_id IN (SELECT hooktop.my_tenants()));
GRANT SELECT ON hooktop.ended TO hooktop_viewer;

-- By trigger, so that nothing that ends or revives a delivery can forget it. Its condition is all that a success costs.
CREATE FUNCTION hooktop.list_ended() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, hooktop, pg_temp AS $$
BEGIN
    IF NEW.status IN ('exhausted', 'quarantined', 'cancelled') THEN
        INSERT INTO ended (delivery_id, tenant_id, endpoint_id, status) VALUES (NEW.id, NEW.tenant_id, NEW.endpoint_id, NEW.status)
        ON CONFLICT (delivery_id, tenant_id) DO UPDATE SET status = excluded.status;
    ELSE
        DELETE FROM ended x WHERE x.delivery_id = NEW.id AND x.tenant_id = NEW.tenant_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER list_ended AFTER UPDATE ON hooktop.delivery FOR EACH ROW
    WHEN (NEW.status <> OLD.status AND (NEW.status IN ('exhausted', 'quarantined', 'cancelled')
                                        OR OLD.status IN ('exhausted', 'quarantined', 'cancelled')))
    EXECUTE FUNCTION hooktop.list_ended();
CREATE TRIGGER list_born_ended AFTER INSERT ON hooktop.delivery FOR EACH ROW
    WHEN (NEW.status IN ('exhausted', 'quarantined', 'cancelled'))
    EXECUTE FUNCTION hooktop.list_ended();

REVOKE ALL ON FUNCTION hooktop.list_ended() FROM PUBLIC;
RESET ROLE;
