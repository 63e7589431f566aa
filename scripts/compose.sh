#!/usr/bin/env bash
# compose.sh up [PROFILE] | down: the containers of compose/, with the secrets they need.
set -euo pipefail
cd "$(dirname "$0")/.."

if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
elif command -v docker-compose >/dev/null; then
    compose=(docker-compose)
else
    echo "$0: neither \`docker compose\` nor docker-compose is here" >&2
    exit 1
fi
compose+=(-f compose/docker-compose.yml)

case ${1:-} in
    up)
        scripts/make-secrets.sh
        "${compose[@]}" ${2:+--profile "$2"} up -d --build
        cat <<END
soglia is at https://localhost:${SOGLIA_HTTPS_PORT:-8443} (certificate: compose/secrets/tls.crt), its mails at http://localhost:${SOGLIA_MAIL_PORT:-8025},
Kafka at localhost:${SOGLIA_KAFKA_PORT:-9092}. The first answers take half a minute; \`${compose[*]} ps\` says what is well.
END
        ;;
    down) "${compose[@]}" --profile monitoring --profile tools down ;;
    *)
        echo "usage: $0 up [PROFILE] | down" >&2
        exit 2
        ;;
esac
