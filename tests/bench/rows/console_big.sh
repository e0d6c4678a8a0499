# The console beside 10,000 endpoints and 10,000,000 deliveries (ROWS): what it asks of the store for each screen, as an admin and as
# logins bound by row policy, and the same from outside, in a terminal.
. ./big.sh
big_store big "${ROWS:-10000000}"
sql big "UPDATE hooktop.endpoint SET description = 'tail' WHERE id IN (SELECT id FROM bench.well ORDER BY id LIMIT 20)"
say "$(sql big "SELECT count(*) FROM hooktop.endpoint") endpoints, $(sql big "SELECT count(*) FROM hooktop.delivery") deliveries," \
    "$(sql big "SELECT pg_size_pretty(pg_database_size('big'))"), load $(cut -d' ' -f1-3 /proc/loadavg)"
for login in hooktop_test bench_support bench_viewer; do
    who=${login#*_}
    "$program" reads "$(dsn_as $login big)" "$(dsn big)" "${PAGES:-20}" >"$work/reads" || die "reads"
    while read -r p50 p99 cpu50 cpu99 rows name; do
        say "$who, $name: p50 $p50 us, p99 $p99 us, of the server's processor p50 $cpu50 us, p99 $cpu99 us, $rows rows"
        row "$who, $name: p50 in ms" "" "$(calc "$p50 / 1000")"
    done <"$work/reads"
    declare -A took=()
    while read -r name value; do
        took[$name]=$value
        [[ $name != screen:* ]] || row "console, $who, ${name#screen:}: ms to its data" -1000 "${value/-/999999}"
    done < <(/usr/bin/python3 console_big.py "$build" "$work" "$(dsn_as $login big)" "$(dsn big)")
    row "console, $who, first screen with its data in ms" -150 "${took[first]}"
    row "console, $who, key to last byte, idle, p99 in ms" -16 "${took[idle_keys]}"
    row "console, $who, key to last byte, database stopped, p99 in ms" -16 "${took[stopped_keys]}"
    row "console, $who, key to last byte, 500 rows/s arriving, p99 in ms" -33 "${took[tail_keys]}"
    row "console, $who, bytes a second, 500 rows/s arriving" "" "${took[tail_bytes_per_s]}"
    row "console, $who, cursor one row down, bytes" -400 "${took[cursor_bytes]}"
    row "console, $who, a page, bytes" -4000 "${took[page_bytes]}"
    row "console, $who, idle for 5 s, bytes" -0 "${took[idle_bytes]}"
    row "console, $who, idle for 5 s, wake-ups" -0 "${took[idle_wakeups]}"
    row "console, $who, resident memory at most, MiB" -32 "${took[resident_mib]}"
done
sql postgres "DROP DATABASE big WITH (FORCE)"
