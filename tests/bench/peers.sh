# The two queues for Node, installed once into the build directory from the lock file. Sourced by run.sh.
install_peers() { # prints the directory, or nothing and says why
    local to=$build/bench-peers
    command -v npm >/dev/null && command -v node >/dev/null || { echo "bench: npm is missing: the peers are left out" >&2; return; }
    if ! cmp -s peers/package-lock.json "$to/package-lock.json" || [ ! -d "$to/node_modules" ]; then
        mkdir -p "$to"
        cp peers/package.json peers/package-lock.json "$to/"
        (cd "$to" && timeout -k 5 600 npm ci --no-audit --no-fund --ignore-scripts >"$work/npm.log" 2>&1) ||
            { echo "bench: npm could not install the peers, which are left out: $(tail -n 3 "$work/npm.log")" >&2; rm -rf "$to/node_modules"; return; }
    fi
    cp peers/*.mjs "$to/"
    echo "$to"
}
peer() { # NAME JOBS: jobs a second
    (cd "$peers" && node "$1.mjs" "postgres://hooktop_test@localhost/peers?host=$work/pg" "http://127.0.0.1:$port/hook" "$2") || die "$1 failed"
}
