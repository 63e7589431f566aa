#!/bin/sh
# Puts the values into gateway.conf.template and becomes nginx. Needs nothing but a shell, sed and nginx, and may be any user.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

work=${GATEWAY_WORK:-/tmp/gateway}               # Folder for the pid, the configuration, bodies on their way.
listen=${GATEWAY_LISTEN:-8443}                   # Port, or address:port, of HTTPS.
health_port=${GATEWAY_HEALTH_PORT:-8081}         # Of http://127.0.0.1/healthz, for the health check.
service=${GATEWAY_SERVICE:-serve:8080}           # Where `soglia serve` listens.
resolver=${GATEWAY_RESOLVER:-}                   # Name server for that; the system's own.
certificate=${GATEWAY_CERTIFICATE:-/run/secrets/tls.crt}
key=${GATEWAY_KEY:-/run/secrets/tls.key}
workers=${GATEWAY_WORKERS:-2}
rate=${GATEWAY_RATE:-50r/s}                      # Requests of one address; GATEWAY_BURST more at once.
burst=${GATEWAY_BURST:-100}
costly_rate=${GATEWAY_COSTLY_RATE:-30r/m}        # Log-ins and registrations of one address.
costly_burst=${GATEWAY_COSTLY_BURST:-10}
connections=${GATEWAY_CONNECTIONS:-100}          # Of one address at a time; in HTTP/2 each request counts.
client_timeout=${GATEWAY_CLIENT_TIMEOUT:-10s}    # Between two bytes of a client, and for its headers as a whole.
stream=${GATEWAY_STREAM:-/v1/stream}             # The path of server-sent events.

[ -n "$resolver" ] || resolver=$(sed -n 's/^nameserver  *\([0-9.]*\)$/\1/p' /etc/resolv.conf | head -n 1)
[ -n "$resolver" ] || resolver=127.0.0.11
mkdir -p "$work"
sed -e "s|@WORK@|$work|g" -e "s|@HERE@|$here|g" -e "s|@LISTEN@|$listen|g" -e "s|@HEALTH_PORT@|$health_port|g" \
    -e "s|@SERVICE@|$service|g" -e "s|@RESOLVER@|$resolver|g" -e "s|@CERTIFICATE@|$certificate|g" -e "s|@KEY@|$key|g" \
    -e "s|@WORKERS@|$workers|g" -e "s|@RATE@|$rate|g" -e "s|@BURST@|$burst|g" -e "s|@COSTLY_RATE@|$costly_rate|g" \
    -e "s|@COSTLY_BURST@|$costly_burst|g" -e "s|@CONNECTIONS@|$connections|g" -e "s|@CLIENT_TIMEOUT@|$client_timeout|g" \
    -e "s|@STREAM@|$stream|g" "$here/gateway.conf.template" >"$work/gateway.conf"
PATH=$PATH:/usr/sbin # Debian's, where a user's path may not lead.
exec nginx -e stderr -c "$work/gateway.conf" -g 'daemon off;'
