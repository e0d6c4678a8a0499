# What the benches share: a cluster, an nginx, databases from one template, ratios. Sourced by run.sh.

# PostgreSQL as the benchmark runs it: durable, and as large as two cores deserve. docs/performance.md says the same.
POSTGRES=("shared_buffers = 512MB" "max_wal_size = 4GB" "fsync = on" "synchronous_commit = on" "checkpoint_timeout = 15min"
    "wal_compression = lz4" "max_connections = 100")
ENDPOINTS=200   # healthy ones, each with the default cap on requests in flight
CONCURRENCY=256 # the default

say() { echo "# $*"; }
die() {
    echo "bench: $*" >&2
    exit 1
}

# A process of ours that ends with the run.
started=()
background() { # NAME COMMAND...: its output goes to $work/NAME
    local name=$1
    shift
    "$@" >"$work/$name" 2>"$work/$name.err" &
    started+=($!)
    last=$!
}
end() { # PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}
first_line() { # NAME: waits for what a background process prints first
    local n
    for ((n = 0; n < 600; n++)); do
        [ -s "$work/$1" ] && { head -n 1 "$work/$1"; return; }
        sleep 0.1
    done
    die "$1 does not start: $(cat "$work/$1.err")"
}

# Databases ------------------------------------------------------------------------------------------------------------
sql() { # DATABASE STATEMENT
    psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$(dsn "$1")" -c "$2" | sed "/^$/d"
    [ "${PIPESTATUS[0]}" = 0 ] || die "a statement failed"
}
dsn() { echo "host=$work/pg port=5432 user=hooktop_test dbname=$1"; }
# A fresh copy of the world; `rows` of them waiting.
database() { # NAME [ROWS]
    sql postgres "DROP DATABASE IF EXISTS $1 WITH (FORCE)"
    sql postgres "CREATE DATABASE $1 TEMPLATE world"
    [ "${2:-0}" -gt 0 ] && refill "$1" "$2"
    return 0
}
refill() { # NAME ROWS
    sql "$1" "SELECT bench.fill('well', $2)"
    sql "$1" "VACUUM (ANALYZE) hooktop.tenant_webhook_outbox"
}
# A database with one endpoint alone.
lone() { # NAME
    sql postgres "DROP DATABASE IF EXISTS $1 WITH (FORCE)"
    sql postgres "CREATE DATABASE $1"
    "$program" world "$(dsn "$1")" "$work/ring" 4 1 "http://127.0.0.1:$port/hook" well || die "no world"
    psql -X -q -v ON_ERROR_STOP=1 -d "$(dsn "$1")" -f fill.sql || die "no world"
    sql "$1" "VACUUM ANALYZE"
}
whole() { # DATABASE FILL ROWS HANGING [CONCURRENCY]: "rate cpu_us idle_kib peak_kib"
    "$program" whole "$(dsn "$1")" "$work/ring" "${5:-$CONCURRENCY}" "$2" "$3" "$4"
}

# Numbers --------------------------------------------------------------------------------------------------------------
calc() { awk "BEGIN { printf \"%.4f\", $* }"; }
median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
# One line of the table: what, the median of the ratios, the target ("0.75" at least, "-2" at most 2, "" none).
row() { # WHAT TARGET RATIO...
    local what=$1 target=$2
    shift 2
    awk -v what="$what" -v target="$target" -v got="$(median "$@")" 'BEGIN {
        least = target !~ /^-/; sub(/^-/, "", target)
        verdict = target == "" ? "" : (least ? got + 0 >= target + 0 : got + 0 <= target + 0) ? "ok" : "short"
        printf "%-64s %8.2f  %s %-6s %s\n", what, got, target == "" ? "  " : least ? ">=" : "<=", target, verdict }' |
        tee -a "$work/table"
}
