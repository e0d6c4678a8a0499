# A worker with nothing to do: how much of a core it takes, and how long an event takes from emit to its receiver.
worker() { # DATABASE: a worker of its own in the background
    cat >"$work/worker.ini" <<INI
[database]
dsn = $(dsn "$1")
[vault]
key_file = $work/ring
[egress]
http = yes
allow = 127.0.0.1/32:1-65535
INI
    background worker "$build/hooktop" --config "$work/worker.ini" worker
}
ticks() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
lone idle
worker idle
sleep 5
before=$(ticks "$last")
sleep 20
used=$(calc "($(ticks "$last") - $before) / $(getconf CLK_TCK) / 20 * 100")
read -r p50 p99 < <("$program" latency "$(dsn idle)" 200 150 350)
end "$last"
say "idle worker: $used % of a core; emit to receiver: p50 $p50 us, p99 $p99 us"
row "idle worker, per cent of a core" -0.5 "$used"
row "idle, emit to receiver, p50 in ms" -20 "$(calc "$p50 / 1000")"
row "idle, emit to receiver, p99 in ms" -100 "$(calc "$p99 / 1000")"
