# A transaction that is held open elsewhere keeps every dead row for the whole run; the same work beside it without.
rounds=${ROUNDS:-6}
database held
database free
background held psql -X -q -A -t -d "$(dsn held)" -c "BEGIN ISOLATION LEVEL REPEATABLE READ" -c "SELECT 'open' FROM hooktop.tenant LIMIT 1" -c "SELECT pg_sleep(86400)"
holder=$last
first_line held >/dev/null
ratios=()
for ((round = 1; round <= rounds; round++)); do
    sql free "SELECT bench.fill('well', 40000)"
    read -r without _ < <(whole free 0 40000 0)
    sql held "SELECT bench.fill('well', 40000)"
    read -r with _ < <(whole held 0 40000 0)
    ratios+=("$(calc "$with / $without")")
    say "round $round: $without, $with with a transaction held open since the first"
done
end "$holder"
row "rate with a transaction held open / rate without" 0.7 "${ratios[@]}"
row "the same in the last round" 0.7 "${ratios[-1]}"
