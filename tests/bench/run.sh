#!/usr/bin/env bash
# Measures hooktop against the machine it runs on and against its peers: every figure is a ratio of two things measured
# in turn in this run. usage: run.sh BUILD_DIR [NAME...]; the names are those of rows/. docs/performance.md explains them.
# Everything runs on this machine: a PostgreSQL cluster of its own on a unix socket, an nginx on a free loopback port.
set -u
build=$(realpath "$1")
shift
cd "$(dirname "$0")" || exit 1
BENCHES=(path backlog sustained held_snapshot hanging idle producers memory two_workers log console)
here=$PWD
program=$build/tests/bench/bench
work=$(mktemp -d "${TMPDIR:-/tmp}/hooktop-bench.XXXXXX")
chmod 755 "$work"
export LC_ALL=C.UTF-8 PGOPTIONS="-c client_min_messages=warning"
. ./lib.sh
. ./place.sh
. ./peers.sh

[ $# -gt 0 ] && BENCHES=("$@")
for name in "${BENCHES[@]}"; do
    [ -f "rows/$name.sh" ] || die "there is no bench \"$name\": $(ls rows | sed 's/\.sh//' | xargs)"
done
trap leave EXIT
trap 'exit 130' INT TERM
enter
for name in "${BENCHES[@]}"; do
    say "$name"
    . "rows/$name.sh"
done
echo
printf '%-64s %8s  %s\n' "what" "ratio" "target"
cat "$work/table"
