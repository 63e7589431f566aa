#!/usr/bin/env bash
# Prints the file of N random cases with the alerts that the oracle expects (100,000; zstd), making it the first time: only the
# sources of the oracle decide what is in it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cache.sh
. "$here/cache.sh"

oracle=$here/../tests/oracle
count=${1:-100000}

fill() {
    set -o pipefail
    python3 "$oracle/make_replay.py" --from 0 --to "$count" --jobs "$(nproc)" | zstd -q -T0 -o "$1/cases.zst"
}

sources=$(cache_key <(cat "$oracle/alert_oracle.py" "$oracle/make_replay.py" "$oracle/series.py"))
echo "$(cache_entry "oracle-$count-$sources" "$count cases of the oracle" fill)/cases.zst"
