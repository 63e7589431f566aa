#!/usr/bin/env bash
# Runs the unit, replay and fuzz-corpus tests with coverage and prints lines and branches by file.
set -euo pipefail
cd "$(dirname "$0")/.."
profiles=$PWD/build/coverage/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
export LLVM_PROFILE_FILE=$profiles/%p.profraw
cmake --workflow --preset coverage >build/coverage/log 2>&1 || { tail -n 30 build/coverage/log >&2; exit 1; }
llvm-profdata merge -sparse "$profiles"/*.profraw -o build/coverage/all.profdata
programs=()
for program in build/coverage/tests/*; do
    [[ -x $program && -f $program ]] && programs+=(-object "$program")
done
llvm-cov report "${programs[@]}" -instr-profile=build/coverage/all.profdata \
    -ignore-filename-regex='/(tests|build)/' -show-region-summary=false
