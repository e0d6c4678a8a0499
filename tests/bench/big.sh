# A store of 10,000 endpoints (BIG_ENDPOINTS) and as many deliveries as asked for over 30 days, with their events, the attempts of
# three days, and an outage of 300 endpoints with 60,000 deliveries to be tried again. Two logins are bound by row policy: one to a tenant of
# a fourth of all, one to a tenant of 20 endpoints. Sourced.
big_store() { # NAME DELIVERIES
    local name=$1 days=30 day role
    sql postgres "DROP DATABASE IF EXISTS $name WITH (FORCE)"
    sql postgres "CREATE DATABASE $name"
    "$program" world "$(dsn "$name")" "$work/ring" 4 "${BIG_ENDPOINTS:-10000}" "http://127.0.0.1:$port/hook" well || die "no world"
    "$program" world "$(dsn "$name")" "$work/ring" 5 100 "http://127.0.0.1:$port/hook" well || die "no small tenant"
    for role in fill.sql fill_log.sql fill_big.sql; do
        psql -X -q -v ON_ERROR_STOP=1 -d "$(dsn "$name")" -f "$role" || die "no filler"
    done
    sql "$name" "SELECT bench.furnish()"
    sql "$name" "VACUUM (ANALYZE) hooktop.endpoint"
    for ((day = days - 1; day >= 0; day--)); do
        sql "$name" "SELECT bench.fill_log($day, $(($2 / days)))"
        sql "$name" "SELECT bench.fill_events($day, $((day < 3 ? 1 : 0))::boolean)"
    done
    sql "$name" "SELECT bench.outage(300, 200)"
    for role in support:1 viewer:5; do
        sql "$name" "DO \$\$ BEGIN CREATE ROLE bench_${role%:*} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$;
                     GRANT hooktop_${role%:*}, hooktop_audit_reader TO bench_${role%:*};
                     INSERT INTO hooktop.member (login, tenant_id) SELECT 'bench_${role%:*}', id FROM hooktop.tenant WHERE name = 'Tenant ${role#*:}'"
    done
    sql "$name" "VACUUM (ANALYZE)"
    sql "$name" CHECKPOINT
}
dsn_as() { dsn "$2" | sed "s/user=[a-z_]*/user=$1/"; } # LOGIN DATABASE
