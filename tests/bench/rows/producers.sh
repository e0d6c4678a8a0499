# 16 producers, one event each in a transaction of its own. What waking a worker costs: hooktop.emit told that one sleeps
# against the same told that none does. What emit costs beside that (it checks the tenant, the type and the data, and finds
# the subscribers): against plain inserts of the same three rows in a transaction.
rounds=${ROUNDS:-5}
lone producers
tenant=$(sql producers "SELECT tenant_id FROM bench.well")
endpoint=$(sql producers "SELECT id FROM bench.well")
data="{\"claim\": {\"id\": \"c0ffee\", \"note\": \"$(printf 'x%.0s' {1..400})\"}}"
cat >"$work/emit.sql" <<SQL
SELECT hooktop.emit('$tenant', 'claim.created', '$data');
SQL
# What a producer would write by hand, one transaction with an INSERT for each table; and the same as one statement.
cat >"$work/plain.sql" <<SQL
BEGIN;
INSERT INTO hooktop.event (id, tenant_id, type, data, created_at) VALUES (hooktop.uuid7(), '$tenant', 'claim.created', '$data', clock_timestamp())
RETURNING id AS event, created_at AS at \gset
INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, created_at)
VALUES (hooktop.uuid7(), '$tenant', :event, '$endpoint', 'claim.created', 'ready', :at) RETURNING id \gset
INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at)
VALUES ('$tenant', '$endpoint', :id, :event, :at);
COMMIT;
SQL
cat >"$work/one.sql" <<SQL
WITH r AS MATERIALIZED (SELECT hooktop.uuid7() AS event, hooktop.uuid7() AS id, clock_timestamp() AS at), e AS (
    INSERT INTO hooktop.event (id, tenant_id, type, data, created_at) SELECT event, '$tenant', 'claim.created', '$data', at FROM r
), d AS (
    INSERT INTO hooktop.delivery (id, tenant_id, event_id, endpoint_id, type, status, created_at)
    SELECT id, '$tenant', event, '$endpoint', 'claim.created', 'ready', at FROM r
) INSERT INTO hooktop.tenant_webhook_outbox (tenant_id, endpoint_id, delivery_id, event_id, due_at)
  SELECT '$tenant', '$endpoint', id, event, at FROM r;
SQL
per_second() { # SCRIPT
    pgbench -n -M prepared -c 16 -j 2 -T 4 -f "$work/$1" "$(dsn producers)" 2>"$work/pgbench.err" | awk '/^tps/ { print $3 }'
}
asleep() { sql producers "SELECT setval('hooktop.asleep_until', (extract(epoch FROM clock_timestamp()) * 1000)::bigint + $1)" >/dev/null; }
waking=() plainly=() oneway=()
for ((round = 1; round <= rounds; round++)); do
    sql producers "TRUNCATE hooktop.tenant_webhook_outbox"
    plain=$(per_second plain.sql)
    one=$(per_second one.sql)
    asleep 3600000
    wake=$(per_second emit.sql)
    asleep -1
    quiet=$(per_second emit.sql)
    waking+=("$(calc "$wake / $quiet")")
    plainly+=("$(calc "$wake / $plain")")
    oneway+=("$(calc "$wake / $one")")
    say "round $round: plain inserts ${plain%.*}, as one statement ${one%.*}, emit while no worker sleeps ${quiet%.*}, while one does ${wake%.*}"
done
row "16 producers: emit that wakes a worker / emit that wakes none" 0.8 "${waking[@]}"
row "16 producers: emit that wakes a worker / plain inserts" 0.8 "${plainly[@]}"
row "16 producers: emit that wakes a worker / plain inserts as one statement" "" "${oneway[@]}"
