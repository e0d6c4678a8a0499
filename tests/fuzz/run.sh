#!/usr/bin/env bash
# Runs fuzz targets, two at a time. usage: tests/fuzz/run.sh BUILD_DIR SECONDS [NAME...]
#
# Starts from tests/fuzz/corpus/NAME, keeps what it finds in BUILD_DIR/corpus/NAME for the next run, and what makes a
# target fail in BUILD_DIR/failed. FUZZ_SEED: what chance begins with (0: the clock). Ends with "N passed, N failed".
set -u
out=$1 seconds=$2
shift 2
cd "$(dirname "$0")/../.." || exit 1
[ $# -gt 0 ] || set -- $(basename -s .c tests/fuzz/*.c)
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
export LC_ALL=C.UTF-8
mkdir -p "$out/failed" "$out/log"

fuzz() {
    local name=$1 log=$out/log/$1 dict=() words=tests/fuzz/words/$1
    mkdir -p "$out/corpus/$name"
    [ -e "$words" ] && dict=(-dict="$words")
    if timeout -k 5 $((seconds + 60)) "$out/tests/fuzz/$name" -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=4096 \
        -print_final_stats=1 -artifact_prefix="$out/failed/$name-" "${dict[@]}" "$out/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
        echo "passed fuzz/$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs"
    else
        echo "FAILED fuzz/$name"
        grep -vE '^(#[0-9]+[[:space:]]|INFO:|stat::|NOTE:|0x)|NEW_FUNC|fuzzer::|__libc_start|BuildId: [0-9a-f]+\)$' "$log" | cut -c1-300 | tail -n 40 | sed 's/^/    /'
    fi
}
export -f fuzz
export out seconds
printf '%s\n' "$@" | xargs -P 2 -I{} bash -c 'fuzz {}' | tee "$out/log/all"
failed=$(grep -c '^FAILED' "$out/log/all")
echo "$(grep -c '^passed' "$out/log/all") passed, $failed failed"
[ "$failed" -eq 0 ]
