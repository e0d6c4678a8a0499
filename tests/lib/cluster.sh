#!/usr/bin/env bash
# A private PostgreSQL cluster for tests: cluster.sh start DIR [SETTING...] prints a dsn, cluster.sh stop DIR [MODE] ends
# it (at once, as a crash would, unless MODE says fast), cluster.sh again DIR starts what was stopped, cluster.sh clone DIR
# FROM makes a standby of the one in FROM and starts it, cluster.sh promote DIR makes it a primary. What the server is to
# run with beside it stands in HT_CLUSTER_PRELOAD (a shared library) and HT_DISK_FULL.
# Listens on a unix socket in DIR only. PostgreSQL refuses to run as root: then it runs as the user "postgres".
set -u
dir=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
as() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$dir" "$@"; else "$@"; fi
}
run_server() {
    as env LD_PRELOAD="${HT_CLUSTER_PRELOAD:-}" HT_DISK_FULL="${HT_DISK_FULL:-}" "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" \
        -w -t 60 start >/dev/null 2>&1
}
own_dir() { mkdir -p "$dir" && { [ "$(id -u)" != 0 ] || chown postgres:postgres "$dir"; }; }
case $1 in
start)
    own_dir
    cd "$dir" || exit 1
    as "$bin/initdb" -D "$dir/data" -U hooktop_test --auth=trust -E UTF8 --locale=C.UTF-8 -N >"$dir/initdb.log" 2>&1 ||
        { cat "$dir/initdb.log" >&2; exit 1; }
    cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
port = 5432
shared_buffers = 128MB
max_connections = 100
fsync = off
log_min_messages = warning
CONF
    [ $# -gt 2 ] && printf '%s\n' "${@:3}" >>"$dir/data/postgresql.conf"
    run_server || { cat "$dir/server.log" >&2; exit 1; }
    echo "host=$dir port=5432 user=hooktop_test dbname=postgres"
    ;;
again)
    cd "$dir" && run_server
    ;;
clone)
    own_dir
    # What ran here was killed: its lock stays while its process is not yet reaped.
    cd "$dir" && rm -rf "$dir/data" "$dir"/.s.PGSQL.*
    as "$bin/pg_basebackup" -h "$3" -p 5432 -U hooktop_test -D "$dir/data" -R -c fast -N >"$dir/clone.log" 2>&1 ||
        { cat "$dir/clone.log" >&2; exit 1; }
    echo "unix_socket_directories = '$dir'" >>"$dir/data/postgresql.conf"
    : >"$dir/data/sync.conf"
    run_server || { tail -n 20 "$dir/server.log" >&2; exit 1; }
    ;;
promote)
    cd / && as "$bin/pg_ctl" -D "$dir/data" -w -t 60 promote >/dev/null
    ;;
stop)
    cd / && as "$bin/pg_ctl" -D "$dir/data" -m "${3:-immediate}" -t 60 -w stop
    ;;
*)
    echo "usage: cluster.sh start|stop|again|clone|promote DIR" >&2
    exit 2
    ;;
esac
