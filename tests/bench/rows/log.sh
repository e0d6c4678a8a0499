# Pages of a log of 10,000,000 deliveries over 30 days (ROWS): pages of 50 at any depth, with any one filter. Then what the
# indexes that this takes cost: bytes for each delivery, and the rate at which deliveries are put in, with and without.
total=${ROWS:-10000000} days=30
database log
psql -X -q -v ON_ERROR_STOP=1 -d "$(dsn log)" -f fill_log.sql || die "no log"
for ((day = days - 1; day >= 0; day--)); do
    sql log "SELECT bench.fill_log($day, $((total / days)))"
done
sql log "VACUUM (ANALYZE) hooktop.delivery, hooktop.held, hooktop.ended, hooktop.tenant_webhook_outbox"
sql log CHECKPOINT
say "$(sql log "SELECT count(*) FROM hooktop.delivery") deliveries"
"$program" log "$(dsn log)" 20 >/dev/null
"$program" log "$(dsn log)" "${PAGES:-300}" >"$work/pages" || die "log"
while read -r p50 p99 cpu50 cpu99 rows filter; do
    say "$filter: p50 $p50 us, p99 $p99 us, of the server's processor p50 $cpu50 us, p99 $cpu99 us, $((rows / ${PAGES:-300})) rows a page"
    row "log, $filter: p99 in ms" -10 "$(calc "$p99 / 1000")"
    row "log, $filter: p99 of the server's processor in ms" -10 "$(calc "$cpu99 / 1000")"
done <"$work/pages"
sql log "SELECT '# ' || regexp_replace(c.relname, '^delivery_[0-9]+', 'delivery') || ': ' ||
         round(sum(pg_relation_size(i.indexrelid)) / (SELECT sum(reltuples) FROM pg_class WHERE relname ~ '^delivery_[0-9]{8}$')) || ' bytes for each delivery'
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
         WHERE t.relname ~ '^delivery_[0-9]{8}$' GROUP BY regexp_replace(c.relname, '^delivery_[0-9]+', 'delivery') ORDER BY 1"
database indexed
database plain
sql plain "DROP INDEX hooktop.delivery_tenant, hooktop.delivery_endpoint, hooktop.delivery_type, hooktop.delivery_tenant_type"
us() { # DATABASE: microseconds for each of 40,000 deliveries put in
    psql -X -q -A -t -d "$(dsn "$1")" -c '\timing on' -c "SELECT bench.fill('well', 40000)" | awk '/^Time/ { print $2 * 1000 / 40000 }'
}
ratios=()
for ((round = 1; round <= ${ROUNDS:-5}; round++)); do
    without=$(us plain) with=$(us indexed)
    ratios+=("$(calc "$with / $without")")
    say "round $round: event, delivery and outbox row in $without us without the log's indexes, $with us with them"
done
row "putting a delivery in, with the log's indexes / without" "" "${ratios[@]}"
sql postgres "DROP DATABASE log WITH (FORCE)"
