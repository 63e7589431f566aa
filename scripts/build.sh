#!/usr/bin/env bash
# Builds the release and leaves the program at build/soglia.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
log=build/build.log
if ! { cmake --preset release && cmake --build --preset release; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
ln -sfn release/soglia build/soglia
