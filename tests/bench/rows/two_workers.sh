# Two workers together against one, on the same rows. Taken from when the attempts began: the first and the last tenth of
# them, in which one worker may be alone, are left out.
rounds=${ROUNDS:-5}
cat >"$work/worker.ini" <<INI
[database]
dsn = $(dsn workers)
[vault]
key_file = $work/ring
[egress]
http = yes
allow = 127.0.0.1/32:1-65535
INI
drained() { # WORKERS: deliveries a second
    local n pids=()
    database workers 60000
    for ((n = 0; n < $1; n++)); do
        background "worker$n" "$build/hooktop" --config "$work/worker.ini" worker --drain
        pids+=("$last")
    done
    wait "${pids[@]}"
    sql workers "SELECT (0.8 * count(*) / extract(epoch FROM percentile_disc(0.9) WITHIN GROUP (ORDER BY at)
                                                             - percentile_disc(0.1) WITHIN GROUP (ORDER BY at)))::int FROM hooktop.attempt"
}
ratios=()
for ((round = 1; round <= rounds; round++)); do
    one=$(drained 1)
    two=$(drained 2)
    ratios+=("$(calc "$two / $one")")
    say "round $round: one $one, two $two"
done
row "two workers together / one" 1.15 "${ratios[@]}"
