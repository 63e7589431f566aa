#!/usr/bin/env bash
# Stops what up.sh started. The data stay.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/local.sh
. scripts/local.sh
stop soglia "$soglia_line"
stop mail-catcher mail_catcher.py
compose/local/kafka.sh stop --data "$home/kafka"
