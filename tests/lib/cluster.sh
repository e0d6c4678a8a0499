#!/usr/bin/env bash
# A private PostgreSQL cluster for tests: cluster.sh start DIR [SETTING...] prints a dsn, cluster.sh stop DIR ends it at
# once, as a crash would, cluster.sh again DIR starts what was stopped.
# Listens on a unix socket in DIR only. PostgreSQL refuses to run as root: then it runs as the user "postgres".
set -u
dir=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
as() {
    if [ "$(id -u)" = 0 ]; then setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$dir" "$@"; else "$@"; fi
}
case $1 in
start)
    mkdir -p "$dir" && { [ "$(id -u)" != 0 ] || chown postgres:postgres "$dir"; }
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
    as "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start >/dev/null 2>&1 || { cat "$dir/server.log" >&2; exit 1; }
    echo "host=$dir port=5432 user=hooktop_test dbname=postgres"
    ;;
again)
    cd "$dir" && as "$bin/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 start >/dev/null 2>&1
    ;;
stop)
    cd / && as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop
    ;;
*)
    echo "usage: cluster.sh start|stop|again DIR" >&2
    exit 2
    ;;
esac
