#!/usr/bin/env bash
# Installs the Debian 12 packages that one purpose needs: build, image (what a built soglia runs with), run, test,
# engine (a Docker engine for make compose-test) or bench.
# With --list it prints them.
# Calls apt-get only when something is missing, so it may stand in front of every build.
set -euo pipefail

# The one table: purpose, then packages. Library headers pull in the libraries themselves.
packages_of() {
    case $1 in
        build)
            echo gcc libc6-dev clang libclang-rt-14-dev lld cmake ninja-build make pkg-config git ca-certificates openssl npm
            echo librdkafka-dev liblmdb-dev libmicrohttpd-dev libcurl4-openssl-dev
            echo libjansson-dev libsodium-dev libjwt-dev libinih-dev libxxhash-dev libicu-dev
            ;;
        image)
            echo librdkafka1 liblmdb0 libmicrohttpd12 libcurl4 libjansson4 libsodium23 libjwt0 libinih1 libxxhash0 libicu72
            echo ca-certificates tzdata
            ;;
        run)
            echo openjdk-17-jre-headless maven kcat curl python3 python3-venv python3-aiosmtpd ca-certificates procps
            ;;
        test)
            echo ccache nodejs libcmocka-dev libavro-dev clang-tidy clang-format llvm valgrind python3-dev chromium fonts-dejavu-core
            echo nginx prometheus docker-compose shellcheck openssl curl zstd
            ;;
        engine)
            echo docker.io docker-compose iptables iproute2 debootstrap util-linux curl kcat python3
            ;;
        bench)
            echo openjdk-17-jdk-headless valgrind wrk
            ;;
        *) return 1 ;;
    esac
}

usage() {
    echo "usage: $0 [--list] build|image|run|test|engine|bench..." >&2
    exit 2
}

# Packages wanted for a command that may have come another way, as npm with its makers' own Node.js, beside
# which Debian's package cannot be installed.
is_there_otherwise() {
    case $1 in
        npm | chromium) command -v "$1" >/dev/null ;;
        nodejs) command -v node >/dev/null ;;
        *) return 1 ;;
    esac
}

# Prints those of the given packages that are not installed.
missing_of() {
    local installed
    # dpkg-query fails when it does not know one of the names; what it does print is still true.
    installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@" 2>/dev/null || true)"
    local package
    for package in "$@"; do
        [[ $installed == *" installed=$package "* ]] || is_there_otherwise "$package" || echo "$package"
    done
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "$0: needs root or sudo for: $*" >&2
        return 1
    fi
}

list_only=
if [[ ${1:-} == --list ]]; then
    list_only=1
    shift
fi
[[ $# -gt 0 ]] || usage
wanted=()
for purpose in "$@"; do
    list=$(packages_of "$purpose") || usage
    # shellcheck disable=SC2206 # The table holds plain words.
    wanted+=($list)
done

if [[ -n $list_only ]]; then
    printf '%s\n' "${wanted[@]}"
    exit 0
fi

mapfile -t missing < <(missing_of "${wanted[@]}")
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "installing for $*: ${missing[*]}"
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"

# The tests start these servers themselves; nobody asked for one that runs by itself.
if [[ -d /run/systemd/system ]]; then
    for server in nginx prometheus; do
        [[ " ${missing[*]} " != *" $server "* ]] || as_root systemctl disable --now "$server"
    done
fi

mapfile -t missing < <(missing_of "${wanted[@]}")
if [[ ${#missing[@]} -gt 0 ]]; then
    echo "$0: still missing after apt-get install: ${missing[*]}" >&2
    exit 1
fi
