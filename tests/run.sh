#!/usr/bin/env bash
# Runs test layers and counts. usage: tests/run.sh BUILD_DIR LAYER...
#
# A test is an executable that prints TAP ("ok 1 - name", "not ok 2 - name", "# SKIP why"): compiled ones under
# BUILD_DIR/tests/LAYER, scripts as tests/LAYER/*.test. One that dies or prints no result counts as one failure.
# HT_TEST_JOBS of them run side by side (three for each processor: they wait more than they compute), each with a private
# PostgreSQL cluster of its own in HT_TEST_DSN (unix socket, superuser "hooktop_test"): roles are a cluster's, so one would
# disturb another.
set -u
out=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit 1
# A quarter of all processor time is a disk's file system making and removing the files of databases: in memory it is none.
shm_will_do() {
    local mount
    mount=$(findmnt -no FSTYPE,OPTIONS -T /dev/shm) && [[ $mount == tmpfs* && $mount != *noexec* ]] &&
        [ "$(df --output=avail -BG /dev/shm | tr -dc 0-9)" -ge 4 ]
}
[ -n "${TMPDIR:-}" ] || { shm_will_do && TMPDIR=/dev/shm; }
work=$(mktemp -d "${TMPDIR:-/tmp}/hooktop-test.XXXXXX")
chmod 755 "$work"
# Debian's psql is a wrapper in Perl that takes five times as long as what it starts.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
PATH=${bin:+$bin:}$PATH
jobs=${HT_TEST_JOBS:-$((3 * $(nproc)))}
export LC_ALL=C.UTF-8 CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1:second_deadlock_stack=1:suppressions=$root/tests/lib/tsan.supp}

cleanup() {
    trap - EXIT INT TERM
    local still lane
    still=$(jobs -p)
    [ -n "$still" ] && kill $still 2>/dev/null && wait
    for ((lane = 0; lane < jobs; lane++)); do
        [ -d "$work/$lane/pg" ] && tests/lib/cluster.sh stop "$work/$lane/pg" >/dev/null 2>&1
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# One test, in a lane's place: what it says goes to $log, its line to the reader, its counts to $counts.
run_one() { # NAME BUILD COMMAND
    local name=$1 log=$HT_TEST_WORK/log counts=$HT_TEST_WORK/counts started=$SECONDS
    export HT_BUILD=$root/$2
    timeout --kill-after=10 "${HT_TEST_TIMEOUT:-300}" "$3" >"$log" 2>&1
    local rc=$? ok not skip
    # cmocka writes a skipped test as "not ok N # SKIP name"
    ok=$(grep -E '^ok ' "$log" | grep -cv '# SKIP')
    not=$(grep -E '^not ok ' "$log" | grep -cv '# SKIP')
    skip=$(grep -cE '^(not )?ok .*# SKIP' "$log")
    if [ $rc -ne 0 ] && [ "$not" -eq 0 ]; then
        not=1
        echo "not ok - $name ended with status $rc" >>"$log"
    elif [ $((ok + not + skip)) -eq 0 ]; then
        not=1
        echo "not ok - $name printed no result" >>"$log"
    fi
    {
        if [ "$not" -gt 0 ]; then
            echo "FAILED $name ($((SECONDS - started)) s)"
            grep -vE '^ok ' "$log" | tail -n 60 | sed 's/^/    /'
        else
            echo "passed $name: $ok ($((SECONDS - started)) s)"
        fi
        grep -E '^(not )?ok .*# SKIP' "$log" | sed -E 's/^(not )?ok/    skipped/'
    } >"$log.told"
    cat "$log.told"
    echo "$ok $not $skip" >>"$counts"
}

# Takes tests from the shared list, the next one at a time, until it is empty.
lane() { # NUMBER
    export HT_TEST_WORK=$work/$1
    mkdir "$HT_TEST_WORK"
    while true; do
        local line layer build file
        exec 9>>"$work/lock"
        flock 9
        line=$(head -n 1 "$work/list")
        sed -i 1d "$work/list"
        exec 9>&-
        [ -n "$line" ] || break
        read -r layer build file <<<"$line"
        case $layer in
        lint | unit | fuzz) ;;
        *)
            if [ -z "${HT_TEST_DSN:-}" ]; then
                HT_TEST_DSN=$(tests/lib/cluster.sh start "$HT_TEST_WORK/pg") || { echo "cannot start PostgreSQL"; break; }
                export HT_TEST_DSN
            fi
            ;;
        esac
        run_one "$layer/$(basename "$file" .test)" "$build" "$file"
    done
}

for layer in "$@"; do
    # faults need a build with crash points and short leases
    [ "$layer" = fault ] && build=build/faults || build=$out
    for t in "tests/$layer"/*.c; do
        [ -e "$t" ] && echo "$layer $build $build/tests/$layer/$(basename "$t" .c)"
    done
    for t in "tests/$layer"/*.test; do
        [ -e "$t" ] && echo "$layer $build $t"
    done
done | tac >"$work/list" # the layers that take longest come last: begun first, they leave no lane idle at the end
listed=$(wc -l <"$work/list")
for ((n = 0; n < jobs; n++)); do lane "$n" & done
wait
read -r ran passed failed skipped < <(cat "$work"/*/counts 2>/dev/null | awk '{ o += $1; n += $2; s += $3 } END { print NR, o + 0, n + 0, s + 0 }')
if [ "$ran" -ne "$listed" ]; then
    echo "FAILED: $listed tests, of which $ran ran"
    failed=$((failed + listed - ran))
fi
line="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ]
