#!/usr/bin/env bash
# Says what of the local installation runs.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/local.sh
. scripts/local.sh
tell() {
    if is_running "$1" "$2"; then
        echo "$1 runs (process $(cat "$home/run/$1.pid"), log $home/log/$1.log)"
    else
        echo "$1 does not run"
    fi
}
compose/local/kafka.sh status --data "$home/kafka" || true
tell mail-catcher mail_catcher.py
tell soglia "$soglia_line"
if curl -s "http://$SOGLIA_HTTP_LISTEN/readyz"; then
    echo
fi
