-- Checking a payload against its type's contract: the subset of JSON Schema that the catalogues use (type, required,
-- properties, maxProperties, items, enum, const, nullable, format uuid, date, date-time, email). Unknown members pass.
SET ROLE hooktop_owner;

-- Whether a string has a format. Formats this does not know pass, as JSON Schema has it.
CREATE FUNCTION hooktop.has_format(format text, s text) RETURNS boolean LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp SET datestyle = 'ISO, YMD' AS $$
BEGIN
    CASE format
    WHEN 'uuid' THEN
        RETURN s ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
    WHEN 'email' THEN
        RETURN length(s) <= 254 AND s ~ '^[^\s@<>,;:"()\[\]]+@[^\s@<>,;:"()\[\]]+\.[^\s@<>,;:"()\[\]]+$';
    WHEN 'date' THEN
        IF s !~ '^\d{4}-\d{2}-\d{2}$' THEN
            RETURN false;
        END IF;
        PERFORM s::date;
    WHEN 'date-time' THEN
        IF s !~* '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$' THEN
            RETURN false;
        END IF;
        PERFORM s::timestamptz;
    ELSE
        NULL;
    END CASE;
    RETURN true;
EXCEPTION WHEN datetime_field_overflow OR invalid_datetime_format OR invalid_time_zone_displacement_value THEN
    RETURN false;
END $$;

-- NULL when `data` meets the contract, else "path: what was expected, what is there".
CREATE FUNCTION hooktop.contract_violation(contract jsonb, data json, path text) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    kind text := json_typeof(data);
    want text := contract ->> 'type';
    at text := CASE path WHEN '' THEN 'the payload' ELSE path END;
    member text;
    rule jsonb;
    found text;
    i int := 0;
    element json;
BEGIN
    IF data IS NULL OR kind = 'null' THEN
        IF coalesce((contract ->> 'nullable')::boolean, false) OR want IS NULL OR want = 'null' THEN
            RETURN NULL;
        END IF;
        RETURN format('%s: expected %s, found null', at, want);
    END IF;
    IF want IS NOT NULL AND kind IS DISTINCT FROM (CASE want WHEN 'integer' THEN 'number' ELSE want END) THEN
        RETURN format('%s: expected %s, found %s', at, want, kind);
    END IF;
    IF want = 'integer' AND (data #>> '{}')::numeric % 1 <> 0 THEN
        RETURN format('%s: expected an integer, found %s', at, left(data #>> '{}', 60));
    END IF;
    IF contract ? 'const' AND data::jsonb IS DISTINCT FROM contract -> 'const' THEN
        RETURN format('%s: expected %s, found %s', at, contract -> 'const', left(data::text, 60));
    END IF;
    IF contract ? 'enum' AND NOT (contract -> 'enum') @> jsonb_build_array(data::jsonb) THEN
        RETURN format('%s: expected one of %s, found %s', at,
            (SELECT string_agg(v::text, ', ') FROM jsonb_array_elements(contract -> 'enum') v), left(data::text, 60));
    END IF;
    IF kind = 'string' AND contract ? 'format' AND NOT has_format(contract ->> 'format', data #>> '{}') THEN
        RETURN format('%s: expected a string of format %s, found %s', at, contract ->> 'format', left(data::text, 60));
    END IF;
    IF kind = 'object' THEN
        FOR member IN SELECT jsonb_array_elements_text(contract -> 'required') LOOP
            IF data -> member IS NULL THEN
                RETURN format('%s%s: required, but missing', CASE path WHEN '' THEN '' ELSE path || '.' END, member);
            END IF;
        END LOOP;
        IF contract ? 'maxProperties' THEN
            SELECT count(*) INTO i FROM json_object_keys(data);
            IF i > (contract ->> 'maxProperties')::int THEN
                RETURN format('%s: expected at most %s members, found %s', at, contract ->> 'maxProperties', i);
            END IF;
        END IF;
        FOR member, rule IN SELECT * FROM jsonb_each(contract -> 'properties') LOOP
            CONTINUE WHEN data -> member IS NULL;
            found := contract_violation(rule, data -> member, CASE path WHEN '' THEN '' ELSE path || '.' END || member);
            IF found IS NOT NULL THEN
                RETURN found;
            END IF;
        END LOOP;
    ELSIF kind = 'array' AND contract ? 'items' THEN
        FOR element IN SELECT json_array_elements(data) LOOP
            found := contract_violation(contract -> 'items', element, format('%s[%s]', path, i));
            IF found IS NOT NULL THEN
                RETURN found;
            END IF;
            i := i + 1;
        END LOOP;
    END IF;
    RETURN NULL;
END $$;

-- The one check: raises when `data` does not meet `contract` (NULL: anything does).
CREATE FUNCTION hooktop.check_contract(contract json, data json) RETURNS void LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, hooktop, pg_temp AS $$
DECLARE
    found text;
BEGIN
    IF contract IS NOT NULL THEN
        found := contract_violation(contract::jsonb, data, '');
        IF found IS NOT NULL THEN
            PERFORM fail('input', found, 'mend the payload; hooktop type show prints the contract and a sample');
        END IF;
    END IF;
END $$;

RESET ROLE;
