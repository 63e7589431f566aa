#!/usr/bin/env bash
# keep-running.sh COMMAND...: runs a command and starts it again when it fails, as systemd would: soglia ends with one line on whatever
# it cannot mend itself (a fenced producer, a full disk), and goes on from the log when it is started again.
# SIGTERM is passed on; the command's end without failure is ours.
set -uo pipefail
readonly first_wait_s=0.2 calm_s=60 last_wait_s=5
wait_s=$first_wait_s
ending=

trap 'ending=1; kill -TERM "$child" 2>/dev/null' TERM INT
while true; do
    begun=$SECONDS
    "$@" &
    child=$!
    # The first wait ends with the signal, the second with the command.
    wait "$child"
    code=$?
    while kill -0 "$child" 2>/dev/null; do
        wait "$child"
        code=$?
    done
    [[ -z $ending && $code -ne 0 && $code -ne 2 ]] || exit "$code"
    ((SECONDS - begun < calm_s)) || wait_s=$first_wait_s
    echo "$1 ended with status $code, starting it again in $wait_s s" >&2
    sleep "$wait_s"
    [[ -z $ending ]] || exit 0
    wait_s=$(awk -v now="$wait_s" -v last="$last_wait_s" 'BEGIN { next_s = now * 2; print next_s < last ? next_s : last }')
done
