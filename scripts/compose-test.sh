#!/usr/bin/env bash
# compose-test.sh [1|3]: the containers for real, with so many brokers (1). Brings everything up, runs the README's kcat lines and
# a user's way through the gateway, kills each service once, takes everything down. Takes the Docker engine that runs;
# without one, as root, starts Debian's own in a network of its own. Where neither works it says so and fails.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
readonly project=sogliatest stand_in=soglia.stand-in ready_s_max=240 engine_s_max=30
brokers=${1:-1}
[[ $brokers == 1 || $brokers == 3 ]] || { echo "usage: $0 [1|3]" >&2; exit 2; }
work=$root/build/compose-test
engine=$work/engine
host=${SOGLIA_COMPOSE_TEST_HOST:-} # Set for the second half, which runs in the network of our own engine.

say() { printf '%4d s  %s\n' $SECONDS "$*"; }
fail() {
    echo "compose-test: $*" >&2
    exit 1
}
engine_answers() { docker info >/dev/null 2>&1; }

# start_engine OPTION...: Debian's dockerd with everything it keeps below our folder.
start_engine() {
    local tenths=0
    dockerd --data-root "$engine/data" --exec-root "$engine/run" --pidfile "$engine/pid" -H "unix://$engine/socket" "$@" \
        >"$work/engine.log" 2>&1 &
    engine_pid=$!
    export DOCKER_HOST=unix://$engine/socket
    until engine_answers; do
        if ! kill -0 "$engine_pid" 2>/dev/null || ((tenths++ > engine_s_max * 10)); then
            tail -n 3 "$work/engine.log" >&2
            stop_engine
            fail "no Docker engine runs here and none can be started (log: $work/engine.log): the containers were not tested"
        fi
        sleep 0.1
    done
}

stop_engine() {
    [[ -n ${engine_pid:-} ]] || return 0
    kill -TERM "$engine_pid" 2>/dev/null || true
    wait "$engine_pid" 2>/dev/null || true
    engine_pid=
}

# build NAME DOCKERFILE FOLDER [OPTION...]: by the builder that every engine has.
build() {
    DOCKER_BUILDKIT=0 docker build -q --network=host -t "$1" --build-arg BASE="$base" -f "$2" "${@:4}" "$3" >"$work/build.log" 2>&1 ||
        { tail -n 30 "$work/build.log" >&2; fail "$2 does not build"; }
}

# image NAME DOCKERFILE FOLDER: pulls it, or builds the stand-in from that folder.
image() {
    # An older stand-in is built anew, which costs nothing if it is as it was.
    [[ $(docker image inspect -f "{{if .Config.Labels}}{{index .Config.Labels \"$stand_in\"}}{{end}}" "$1" 2>/dev/null || echo none) ]] || return 0
    if docker pull -q "$1" >/dev/null 2>&1; then
        say "pulled $1"
        return
    fi
    build "$1" "$2" "$3" --label $stand_in=yes
    say "built a stand-in for $1"
}

base_image() {
    docker image inspect "$base" >/dev/null 2>&1 && return
    docker pull -q "$base" >/dev/null 2>&1 && return
    scripts/install-packages.sh engine
    [[ $(id -u) -eq 0 ]] || fail "$base cannot be pulled, and only root can make it"
    rm -rf "$work/debian"
    debootstrap --variant=minbase bookworm "$work/debian" >"$work/debootstrap.log" 2>&1 || fail "debootstrap failed: $work/debootstrap.log"
    tar -C "$work/debian" --one-file-system -c . | docker import - "$base" >/dev/null
    rm -rf "$work/debian"
    say "made $base of Debian's packages"
}

# The folder of the broker's stand-in: its jars are not the repository's.
kafka_context() {
    mkdir -p "$work/kafka"
    cp -ru "$(scripts/fetch-kafka.sh)/libs" compose/stand-ins/kafka-run.sh compose/local/log4j2.properties "$work/kafka/"
}

# The image that a service has in the resolved files.
image_of() {
    compose config | awk -v service="  $1:" '$0 == service {here = 1; next} /^  [^ ]/ {here = 0} here && $1 == "image:" {print $2; exit}'
}

images() {
    base_image
    build "$(image_of serve)" compose/Dockerfile .
    say "built $(image_of serve), $(docker image inspect -f '{{.Size}}' "$(image_of serve)" | awk '{printf "%d MB", $1 / 1e6}')"
    kafka_context
    image "$(image_of kafka)" compose/stand-ins/kafka.Dockerfile "$work/kafka"
    image "$(image_of gateway)" compose/stand-ins/nginx.Dockerfile compose/stand-ins
    image "$(image_of mail)" compose/stand-ins/mail.Dockerfile compose/local
    image "$(image_of prometheus)" compose/stand-ins/prometheus.Dockerfile compose/stand-ins
}

compose() {
    local files=(-f compose/docker-compose.yml)
    [[ $brokers == 1 ]] || files+=(-f compose/docker-compose.three.yml)
    "${compose_command[@]}" -p $project "${files[@]}" --profile monitoring --profile tools "$@"
}

services() {
    local all="topics kafka mail ingest accounts alerts notifications deliver serve gateway prometheus"
    [[ $brokers == 1 ]] || all+=" kafka-2 kafka-3"
    ! docker image inspect "$(image_of grafana)" >/dev/null 2>&1 || all+=" grafana"
    echo "$all"
}

container() { compose ps -q "$1"; }
# Without a health check running is all that can be known.
state() { docker inspect -f '{{.State.Status}}{{if .State.Health}} {{.State.Health.Status}}{{end}} {{.RestartCount}}' "$1"; }
is_well() { [[ $(state "$1") =~ ^running(\ healthy)?\ [0-9]+$ ]]; }

# await SECONDS WHAT COMMAND...
await() {
    local until_s=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        ((SECONDS < until_s)) || fail "waited in vain for $what"
        sleep 0.3
    done
}

# What those said last that do not work.
why() {
    local service
    for service in $(services); do
        is_well "$(container "$service")" || compose logs --no-color --tail 3 "$service" >&2
    done
}

up() {
    local service
    # shellcheck disable=SC2046 # A list of words.
    compose up -d --no-build $(services) >"$work/up.log" 2>&1 || { tail -n 20 "$work/up.log" >&2; why; fail "compose up failed"; }
    for service in $(services); do
        [[ $service != topics ]] || continue
        await $ready_s_max "$service" is_well "$(container "$service")"
    done
    say "everything is up"
}

# The lines under "Try" in the README, at our port and with soglia out of its container.
readme_lines() {
    sed -n '/^## Try/,/^One mail/p' README.md | grep -E 'kcat -P' | sed "s/localhost:9092/$kafka/" >"$work/lines.sh"
    [[ $(wc -l <"$work/lines.sh") -ge 3 ]] || fail "the README has no kcat lines"
    bash -eu "$work/lines.sh"
    await 60 "the alert of the README" has_alert
    say "the README's kcat lines gave one alert"
    await 60 "its mail" has_mail
    say "and one mail at http://localhost:$SOGLIA_MAIL_PORT"
}
has_alert() {
    kcat -C -b "$kafka" -t alerts -o beginning -e -q -f '%R%s' 2>/dev/null | compose run --rm --no-deps -T tools decode 2>/dev/null |
        grep -q '"instrument":"stock:AAPL".*"HIGH"'
}
# Mailpit's API, or the page of its stand-in.
has_mail() {
    { curl -fsS "http://127.0.0.1:$SOGLIA_MAIL_PORT/api/v1/messages" || curl -fsS "http://127.0.0.1:$SOGLIA_MAIL_PORT/"; } 2>/dev/null |
        grep -q 'ada@example.org'
}

journey() {
    python3 tests/deploy/journey.py "https://localhost:$SOGLIA_HTTPS_PORT" compose/secrets/tls.crt "$kafka" || fail "a user's way through the gateway"
}

# kill_once SERVICE: SIGKILL from outside, as by the kernel; Docker's own kill would count as the wish to stop it.
kill_once() {
    local id pid restarts
    id=$(container "$1")
    pid=$(docker inspect -f '{{.State.Pid}}' "$id")
    restarts=$(docker inspect -f '{{.RestartCount}}' "$id")
    docker run --rm --pid=host --network=none --user=0 --entrypoint=sh "$(image_of serve)" -c "kill -KILL $pid"
    await 60 "the restart of $1" has_restarted "$id" "$restarts"
    await $ready_s_max "$1 to be well again" is_well "$id"
    (journey) >"$work/journey.log" 2>&1 || { cat "$work/journey.log" >&2; fail "after the death of $1"; }
    say "$1 was killed, came back, and the system worked"
}
has_restarted() { [[ $(docker inspect -f '{{.RestartCount}}' "$1") -gt $2 ]]; }

# Java says 143 when it ends in order on SIGTERM.
stop_in_order() {
    local service code
    local -A ids=()
    for service in $(services); do
        ids[$service]=$(container "$service")
    done
    compose stop --timeout 20 >"$work/stop.log" 2>&1
    for service in "${!ids[@]}"; do
        [[ -n ${ids[$service]} ]] || continue # Has ended long ago.
        code=$(docker inspect -f '{{.State.ExitCode}}' "${ids[$service]}")
        [[ $code == 0 || $code == 143 ]] || fail "$service did not end in order: status $code"
    done
    say "every service ended in order"
}

targets_up() {
    curl -fsS "http://127.0.0.1:$SOGLIA_PROMETHEUS_PORT/api/v1/query?query=sum(up\{job=\"soglia\"\})" 2>/dev/null | grep -q '"6"'
}

down() {
    compose logs --no-color >"$work/containers.log" 2>&1 || true
    compose down --volumes --timeout 20 >"$work/down.log" 2>&1 || true
}

run_tests() {
    trap down EXIT
    up
    readme_lines
    journey
    say "a user's way through https://localhost:$SOGLIA_HTTPS_PORT"
    await 60 "Prometheus to reach all six roles" targets_up
    say "Prometheus reaches all six roles"
    local service
    for service in $(services); do
        [[ $service == topics ]] || kill_once "$service"
    done
    stop_in_order
    trap - EXIT
    down
    say "taken down"
    echo "1 passed, 0 failed"
}

prepare() {
    mkdir -p "$work"
    compose_command=(docker-compose)
    command -v docker-compose >/dev/null || compose_command=(docker compose)
    base=${SOGLIA_BASE_IMAGE:-debian:12-slim}
    export SOGLIA_KAFKA_PORT=29092 SOGLIA_KAFKA_PORT_2=29094 SOGLIA_KAFKA_PORT_3=29095 SOGLIA_HTTPS_PORT=28443 SOGLIA_MAIL_LINK_BASE=https://localhost:28443/
    export SOGLIA_MAIL_PORT=28025 SOGLIA_PROMETHEUS_PORT=29090 SOGLIA_GRAFANA_PORT=23000
    # The user's journeys after each kill come faster than people do.
    export GATEWAY_COSTLY_RATE=600r/m
    kafka=localhost:$SOGLIA_KAFKA_PORT
    scripts/make-secrets.sh
}

# Images need the packages' servers, containers a network of their own: two lives of the engine, one in each network.
with_own_engine() {
    [[ $(id -u) -eq 0 ]] || fail "no Docker engine answers, and only root can start one: the containers were not tested"
    scripts/install-packages.sh engine >"$work/install.log" 2>&1 || fail "the packages of an engine cannot be installed: $work/install.log"
    mkdir -p "$engine"
    trap stop_engine EXIT
    start_engine --bridge=none --iptables=false --ip6tables=false
    say "started Debian's Docker engine"
    images
    stop_engine
    trap - EXIT
    SOGLIA_COMPOSE_TEST_HOST=own exec unshare --net --mount "$0" "$brokers"
}

prepare
if [[ $host == own ]]; then
    ip link set lo up
    start_engine
    trap stop_engine EXIT
    (run_tests)
elif engine_answers; then
    images
    run_tests
else
    with_own_engine
fi
