# The place of a run: cluster, nginx, the template database. Sourced by run.sh.

free_port() {
    local port
    for ((port = 20000 + RANDOM % 20000; ; port++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# One worker, as many connections as asked for, no log: it answers 200 to whatever comes.
start_nginx() {
    port=$(free_port)
    mkdir -p "$work/nginx"
    cat >"$work/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
worker_rlimit_nofile 65536;
events { worker_connections 8192; }
http {
    access_log off;
    client_body_temp_path $work/nginx/body;
    proxy_temp_path $work/nginx/proxy;
    fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi;
    scgi_temp_path $work/nginx/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    server {
        listen 127.0.0.1:$port backlog=4096;
        location / { return 200 "ok\n"; }
    }
}
CONF
    if [ "$(id -u)" = 0 ]; then
        chown -R nobody "$work/nginx"
        background nginx.out setpriv --reuid=nobody --regid=nogroup --clear-groups nginx -e "$work/nginx/error.log" -c "$work/nginx.conf"
    else
        background nginx.out nginx -e "$work/nginx/error.log" -c "$work/nginx.conf"
    fi
    local n
    for ((n = 0; n < 100; n++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        sleep 0.1
    done
    die "nginx does not start: $(cat "$work/nginx.out.err")"
}

enter() {
    ../lib/cluster.sh start "$work/pg" "${POSTGRES[@]}" >/dev/null || die "PostgreSQL does not start"
    start_nginx
    sql postgres "CREATE DATABASE world"
    "$program" world "$(dsn world)" "$work/ring" 4 $ENDPOINTS "http://127.0.0.1:$port/hook" well || die "no world"
    psql -X -q -v ON_ERROR_STOP=1 -d "$(dsn world)" -f fill.sql || die "no world"
    sql world "VACUUM ANALYZE"
    say "$(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), PostgreSQL $(sql postgres 'SHOW server_version')," \
        "$ENDPOINTS endpoints, concurrency $CONCURRENCY"
    say "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
}

leave() {
    trap - EXIT INT TERM
    local pid
    for pid in "${started[@]}"; do end "$pid"; done
    [ -d "$work/pg/data" ] && ../lib/cluster.sh stop "$work/pg" >/dev/null 2>&1
    rm -rf "$work"
}
