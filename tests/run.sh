#!/usr/bin/env bash
# Runs test layers and counts. usage: tests/run.sh BUILD_DIR LAYER...
#
# A test is an executable that prints TAP ("ok 1 - name", "not ok 2 - name", "# SKIP why"): compiled ones under
# BUILD_DIR/tests/LAYER, scripts as tests/LAYER/*.test. One that dies or prints no result counts as one failure.
# Layers that need PostgreSQL find a private cluster in HT_TEST_DSN (unix socket, superuser "hooktop_test"), started here.
set -u
out=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/hooktop-test.XXXXXX")
chmod 755 "$work"
export HT_BUILD=$root/$out HT_TEST_WORK=$work LC_ALL=C.UTF-8
export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$root/tests/lib/tsan.supp}

cleanup() {
    [ -n "${HT_TEST_DSN:-}" ] && tests/lib/cluster.sh stop "$work/pg" >/dev/null 2>&1
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

passed=0 failed=0 skipped=0
run_one() {
    local name=$1 log=$work/log
    shift
    local started=$SECONDS
    timeout --kill-after=10 "${HT_TEST_TIMEOUT:-300}" "$@" >"$log" 2>&1
    local rc=$?
    local ok not skip
    ok=$(grep -cE '^ok ' "$log")
    # cmocka writes a skipped test as "not ok N # SKIP name"
    not=$(grep -E '^not ok ' "$log" | grep -cv '# SKIP')
    skip=$(grep -cE '^(not )?ok .*# SKIP' "$log")
    ok=$((ok + $(grep -cE '^not ok .*# SKIP' "$log")))
    if [ $rc -ne 0 ] && [ "$not" -eq 0 ]; then
        not=1
        echo "not ok - $name ended with status $rc" >>"$log"
    elif [ $((ok + not)) -eq 0 ]; then
        not=1
        echo "not ok - $name printed no result" >>"$log"
    fi
    passed=$((passed + ok - skip)) failed=$((failed + not)) skipped=$((skipped + skip))
    if [ "$not" -gt 0 ]; then
        echo "FAILED $name ($((SECONDS - started)) s)"
        grep -vE '^ok ' "$log" | tail -n 60 | sed 's/^/    /'
    else
        echo "passed $name: $ok ($((SECONDS - started)) s)"
    fi
    grep -E '^(not )?ok .*# SKIP' "$log" | sed 's/^not /    /; s/^ok/    ok/'
}

for layer in "$@"; do
    # faults need a build with crash points and short leases
    [ "$layer" = fault ] && out=build/faults && export HT_BUILD=$root/$out
    case $layer in
    lint | unit | fuzz) ;;
    *)
        if [ -z "${HT_TEST_DSN:-}" ]; then
            HT_TEST_DSN=$(tests/lib/cluster.sh start "$work/pg") || { echo "cannot start PostgreSQL"; exit 1; }
            export HT_TEST_DSN
        fi
        ;;
    esac
    for t in "tests/$layer"/*.c; do
        [ -e "$t" ] || continue
        b=$out/tests/$layer/$(basename "$t" .c)
        run_one "$layer/$(basename "$b")" "$b"
    done
    for t in "tests/$layer"/*.test; do
        [ -e "$t" ] && run_one "$layer/$(basename "$t" .test)" "$t"
    done
done
line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ]
