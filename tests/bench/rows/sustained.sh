# Delivers 1,000,000 (TOTAL) in portions of 20,000, and compares the waiting table with 10,000 rows in it before and after:
# its size with its indexes, and how long a claim of 500 rows takes. After is when neither autovacuum nor a worker's upkeep has
# anything left to do. Claims are timed in turns with those of a database in which nothing was delivered.
total=${TOTAL:-1000000}
claim_us() { # DATABASE: one, undone
    psql -X -q -A -t -d "$(dsn "$1")" -c "BEGIN" -c "\\timing on" -c "SELECT count(*) FROM hooktop.claim(gen_random_uuid(), 75000,
        (SELECT array_agg(tenant_id) FROM bench.well), (SELECT array_agg(id) FROM bench.well),
        (SELECT array_agg(3) FROM bench.well), (SELECT array_agg(4) FROM bench.well),
        (SELECT array_agg('2000-01-01'::timestamptz) FROM bench.well))" -c "\\timing off" -c "ROLLBACK" | awk '/^Time/ { print $2 * 1000 }'
}
size() { sql "$1" "SELECT pg_total_relation_size('hooktop.tenant_webhook_outbox')"; }
rested() { # DATABASE: a worker's heartbeats, every three seconds, and the upkeep that they ask for; nothing is delivered
    local n
    for ((n = 0; n < 60; n++)); do
        sql "$1" "SELECT hooktop.compact_outbox() FROM hooktop.heartbeat('11111111-1111-7111-8111-111111111111', 'idle:1', '0', 1, false, false) h
            WHERE h.compact" >/dev/null
        [ "$(sql "$1" "SELECT pg_stat_get_dead_tuples('hooktop.tenant_webhook_outbox'::regclass) < 2000 AND NOT hooktop.outbox_sparse()")" = t ] && return
        sleep 3
    done
}
database sustained 10000
size_before=$(size sustained)
for ((done = 0; done < total; done += 20000)); do
    sql sustained "SELECT bench.fill('well', 20000)"
    whole sustained 0 20000 0 >/dev/null
done
rested sustained
sql sustained "DELETE FROM hooktop.worker WHERE name = 'idle:1'"
waiting=$(sql sustained "SELECT count(*) FROM hooktop.tenant_webhook_outbox")
size_after=$(size sustained)
database untouched 10000 # as it was before, so that both are timed at the same time
before=() after=()
for ((n = 0; n < 21; n++)); do
    before+=("$(claim_us untouched)") after+=("$(claim_us sustained)")
done
claim_before=$(median "${before[@]}") claim_after=$(median "${after[@]}")
say "waiting table with $waiting rows: $((size_before / 1024)) KiB, claim $claim_before us; after $total deliveries $((size_after / 1024)) KiB, claim $claim_after us"
row "waiting table after $total deliveries: size / before" -2 "$(calc "$size_after / $size_before")"
row "waiting table after $total deliveries: claim time / before" -1.5 "$(calc "$claim_after / $claim_before")"
