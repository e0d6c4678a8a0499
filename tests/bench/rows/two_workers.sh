# Two workers together against one, on the same rows, so many that it does not count when one of them is alone: each knows
# of the other with its next heartbeat, after 3 s at most. Taken from when the attempts began, without their first and last
# tenth. How much of the processors lies idle meanwhile is how much a second worker can add at most.
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
ticks() { awk '/^cpu / { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; } # idle, all
drained() { # WORKERS: "deliveries_a_second share_idle"
    local n idle all idle_after all_after rate pids=()
    database workers 180000
    read -r idle all < <(ticks)
    for ((n = 0; n < $1; n++)); do
        background "worker$n" "$build/hooktop" --config "$work/worker.ini" worker --drain
        pids+=("$last")
    done
    wait "${pids[@]}"
    read -r idle_after all_after < <(ticks)
    rate=$(sql workers "SELECT (0.8 * count(*) / extract(epoch FROM percentile_disc(0.9) WITHIN GROUP (ORDER BY at)
                                                             - percentile_disc(0.1) WITHIN GROUP (ORDER BY at)))::int FROM hooktop.attempt")
    echo "$rate $(calc "($idle_after - $idle) / ($all_after - $all)")"
}
ratios=() most=()
for ((round = 1; round <= rounds; round++)); do
    read -r one one_idle < <(drained 1)
    read -r two two_idle < <(drained 2)
    ratios+=("$(calc "$two / $one")") most+=("$(calc "1 / (1 - $one_idle)")")
    say "round $round: one $one (idle $one_idle), two $two (idle $two_idle)"
done
row "two workers together / one" 1.15 "${ratios[@]}"
row "two workers, if they cost no more than one and left nothing idle" "" "${most[@]}"
