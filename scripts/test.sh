#!/usr/bin/env bash
# Every test, one line a stage. A stage's output is in build/test/<stage>.log; of one that fails the end is shown here.
# With names as arguments only those stages run.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/cache.sh
. scripts/cache.sh
logs=build/test
mkdir -p "$logs"
wanted=("$@")
passed=0 failed=0 broken=() left_out=()
readonly shown_lines=60 memory_kib_min=$((12 << 20))

# Brokers and states of the tests are kept in memory where there is enough: a broker that makes and deletes topics on a
# disk takes twice the processor time. A TMPDIR of one's own is taken as it is.
keep_in_memory() {
    local available_kib
    available_kib=$(sed -nE 's/^MemAvailable: +([0-9]+) kB$/\1/p' /proc/meminfo)
    [[ -z ${TMPDIR:-} && -w /dev/shm ]] && ((${available_kib:-0} >= memory_kib_min)) || return 0
    memory=$(mktemp -d /dev/shm/soglia-XXXXXX)
    export TMPDIR=$memory
}

# reusing COMMAND...: what was compiled in one clone is not compiled again in the next. Not for the release, which is what
# people get: were this in the environment of the tests, `make up` would build it anew under their feet.
reusing() { CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$PWD "$@"; }

# Adds what the test runners counted in a log: ctest's, pytest's and node's closing lines, and our own "N passed, N failed".
count() {
    local log=$1 good=0 bad=0 total
    while read -r total bad_now; do
        good=$((good + total - bad_now)) bad=$((bad + bad_now))
    done < <(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\2 \1/p' "$log")
    while read -r good_now bad_now; do
        good=$((good + good_now)) bad=$((bad + bad_now))
    done < <(sed -nE 's/^(=+ )?([0-9]+) passed, ([0-9]+) failed.*$/\2 \3/p; s/^(=+ )?(([0-9]+) failed, )?([0-9]+) passed.* in [0-9.]+s.*$/\4 \3/p' "$log")
    good=$((good + $(sed -nE 's/^(#|ℹ) pass ([0-9]+)$/\2/p' "$log" | paste -sd+ | sed 's/^$/0/')))
    bad=$((bad + $(sed -nE 's/^(#|ℹ) fail ([0-9]+)$/\2/p' "$log" | paste -sd+ | sed 's/^$/0/')))
    ((good + bad > 0)) || good=1
    passed=$((passed + good)) failed=$((failed + bad))
}

is_wanted() { ((${#wanted[@]} == 0)) || [[ " ${wanted[*]} " == *" $1 "* ]]; }

# beside NAME COMMAND...: begins it beside the stages that follow; `stage NAME finish NAME` ends it.
declare -A beside_pids=()
beside() {
    local name=$1
    shift
    is_wanted "$name" || return 0
    set -m # A process group of its own, which can be ended whole.
    ("$@") >"$logs/$name.part" 2>&1 &
    beside_pids[$name]=$!
    set +m
}

clean_up() {
    local pid
    for pid in "${beside_pids[@]}"; do
        kill -- "-$pid" 2>/dev/null
    done
    [[ -z ${memory:-} ]] || rm -rf "$memory"
}
trap clean_up EXIT

finish() {
    local code=0
    wait "${beside_pids[$1]}" || code=$?
    cat "$logs/$1.part"
    return $code
}

# stage NAME COMMAND...: runs it, prints one line.
stage() {
    local name=$1 log=$logs/$1.log begun=$SECONDS
    shift
    is_wanted "$name" || return 0
    printf '%-12s ' "$name"
    if "$@" >"$log" 2>&1; then
        count "$log"
        printf 'ok      %4d s\n' $((SECONDS - begun))
    else
        local before=$failed
        count "$log"
        ((failed > before)) || failed=$((failed + 1))
        broken+=("$name")
        printf 'FAILED  %4d s   (%s)\n' $((SECONDS - begun)) "$log"
        grep -vE '^\[[0-9]+/[0-9]+\]|^--| Passed |^ *Start +[0-9]+:|^\[ +(RUN|OK) +\]' "$log" | tail -n $shown_lines | sed 's/^/    /'
    fi
}

python_tests() {
    local python
    python=$(scripts/test-env.sh)/bin/python || return 1
    SOGLIA_BIN=$PWD/build/soglia "$python" -m pytest -q -p no:cacheprovider --durations=15 "$@"
}

# 100,000 seeded cases with all options: the processor against the oracle, which shares no code with it.
oracle_cases() {
    local cases
    cases=$(scripts/oracle-cases.sh "${SOGLIA_ORACLE_CASES:-100000}") && zstd -dc "$cases" | build/gcc/tests/replay_driver --processor=alerts --commit-every=7 -
}

# The pages made from tables in the code are as the code says.
generated_docs() {
    diff <(build/soglia settings --markdown) docs/settings.md && diff <(build/soglia metrics --markdown) docs/metrics.md &&
        diff <(build/soglia topics page) docs/topics.md
}

tidy() {
    cmake --preset tidy && cmake --build --preset tidy --target generated &&
        tests/tidy/clang_tidy.py build/tidy "$(cache_root)/tidy"
}

# One test at a time, so that none waits for a processor longer than its limit.
sanitizers() {
    local preset failures=0
    for preset in tsan fuzz; do
        cmake --preset "$preset" && cmake --build --preset "$preset" && ctest --preset "$preset" --parallel 1 || failures=1
    done
    return $failures
}

# With the processor time that nobody else wants. For the shell of `beside`.
idly() {
    chrt --idle --pid 0 "$BASHPID"
    "$@"
}

keep_in_memory
beside tidy idly tidy # Compiling and serving leave a part of the processors idle.
stage release scripts/build.sh
stage docs generated_docs
stage lint scripts/lint.sh
stage gcc reusing cmake --workflow --preset gcc
beside oracle idly oracle_cases
stage dev reusing cmake --workflow --preset dev
stage web node --test tests/web/*.test.mjs
beside sanitizers reusing sanitizers
stage python python_tests -n 5 --dist=loadgroup -m "not alone" tests
stage oracle finish oracle
stage sanitizers finish sanitizers
stage tidy finish tidy
stage alone python_tests -m alone tests

data=${SOGLIA_DATA:-../shared/data}
[[ -d $data/nab ]] || left_out+=("the recorded series ($data is not there; generated ones ran)")
left_out+=("the containers (\`make compose-test\` runs them where a Docker engine runs or can be started)")
for what in "${left_out[@]+"${left_out[@]}"}"; do
    echo "left out: $what"
done
echo "took $SECONDS s"
((${#broken[@]} == 0)) || echo "failed: ${broken[*]}"
echo "$passed passed, $failed failed"
((failed == 0))
