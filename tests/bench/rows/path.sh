# The whole path against its halves, against wrk, and against two queues for Node that do the same signed POST. Each round
# measures all of them, one after another, and gives one ratio each.
rounds=${ROUNDS:-5}
peers=$(install_peers)
bounds=() wrks=() others=()
cat >"$work/post.lua" <<LUA
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = string.rep("x", 500)
LUA
for ((round = 1; round <= rounds; round++)); do
    database path 40000
    store=$("$program" store "$(dsn path)" 40000 500) || die "store"
    http=$("$program" http "http://127.0.0.1:$port/hook" 60000 64) || die "http"
    refill path 60000
    read -r rate cpu _ _ < <(whole path 0 60000 0)
    wrk=$(wrk -t 1 -c 64 -d 2s -s "$work/post.lua" "http://127.0.0.1:$port/hook" | awk '/Requests\/sec/ { print $2 }')
    bounds+=("$(calc "$rate * (1 / $store + 1 / $http)")")
    wrks+=("$(calc "$rate / $wrk")")
    best=
    if [ -n "$peers" ]; then
        sql postgres "DROP DATABASE IF EXISTS peers WITH (FORCE)"
        sql postgres "CREATE DATABASE peers"
        graphile=$(peer graphile 8000)
        pgboss=$(peer pgboss 8000)
        best=$(printf '%s\n' "$graphile" "$pgboss" | sort -g | tail -n 1)
        others+=("$(calc "$rate / $best")")
    fi
    say "round $round: store $store, http $http, whole $rate (${cpu} us of the engine each), wrk ${wrk%.*}," \
        "graphile-worker ${graphile:--}, pg-boss ${pgboss:--}"
done
row "whole path / additive bound of its halves" 0.75 "${bounds[@]}"
row "whole path / wrk on the same nginx" 0.12 "${wrks[@]}"
if [ -n "$peers" ]; then
    row "whole path / the better of graphile-worker and pg-boss" 3 "${others[@]}"
else
    echo "whole path / graphile-worker and pg-boss: NOT MEASURED, npm or the registry is missing" | tee -a "$work/table"
fi
