# 1,000 requests hang at 1,000 endpoints that never answer: what the healthy ones keep of their rate and of the time that
# their requests take. Both runs have room for 2,048 requests at once.
rounds=${ROUNDS:-5}
background silent "$program" silent
silent=$last
sick_port=$(first_line silent)
database sickworld
"$program" world "$(dsn sickworld)" "$work/ring" 4 1000 "http://127.0.0.1:$sick_port/hook" sick || die "no sick endpoints"
p99() {
    sql "$1" "SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY a.total_us)::int FROM hooktop.attempt a
              JOIN hooktop.delivery d ON d.id = a.delivery_id JOIN bench.well e ON e.id = d.endpoint_id"
}
rates=() slow=()
for ((round = 1; round <= rounds; round++)); do
    for hanging in 0 1000; do
        sql postgres "DROP DATABASE IF EXISTS hanging WITH (FORCE)"
        sql postgres "CREATE DATABASE hanging TEMPLATE sickworld"
        read -r "rate_$hanging" _ < <(whole hanging 40000 40000 $hanging 2048)
        declare "p99_$hanging=$(p99 hanging)"
    done
    rates+=("$(calc "$rate_1000 / $rate_0")")
    slow+=("$(calc "$p99_1000 / $p99_0")")
    say "round $round: $rate_0 (p99 $p99_0 us) with none hanging, $rate_1000 (p99 $p99_1000 us) with 1,000"
done
end "$silent"
row "healthy rate with 1,000 hanging / with none" 0.7 "${rates[@]}"
row "healthy p99 with 1,000 hanging / with none" -2 "${slow[@]}"
