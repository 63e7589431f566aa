#!/usr/bin/env bash
# Installs the Debian 12 packages that one purpose needs: build, run, test or bench.
# Calls apt-get only when something is missing, so it may stand in front of every build.
set -euo pipefail

# The one table: purpose, then packages. Library headers pull in the libraries themselves.
packages_of() {
    case $1 in
        build)
            echo gcc libc6-dev clang libclang-rt-14-dev cmake ninja-build make pkg-config git ca-certificates
            echo librdkafka-dev liblmdb-dev libmicrohttpd-dev libcurl4-openssl-dev
            echo libjansson-dev libsodium-dev libinih-dev libxxhash-dev libicu-dev
            ;;
        run)
            echo openjdk-17-jre-headless maven kcat curl python3 python3-venv python3-aiosmtpd ca-certificates procps
            ;;
        test)
            echo libcmocka-dev libavro-dev clang-tidy clang-format llvm valgrind python3-dev
            ;;
        bench)
            echo openjdk-17-jdk-headless valgrind wrk
            ;;
        *) return 1 ;;
    esac
}

usage() {
    echo "usage: $0 build|run|test|bench..." >&2
    exit 2
}

# Prints those of the given packages that are not installed.
missing_of() {
    local installed
    # dpkg-query fails when it does not know one of the names; what it does print is still true.
    installed=" $(dpkg-query -W -f '${db:Status-Status}=${Package} ' "$@" 2>/dev/null || true)"
    local package
    for package in "$@"; do
        [[ $installed == *" installed=$package "* ]] || echo "$package"
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

[[ $# -gt 0 ]] || usage
wanted=()
for purpose in "$@"; do
    list=$(packages_of "$purpose") || usage
    # shellcheck disable=SC2206 # The table holds plain words.
    wanted+=($list)
done

mapfile -t missing < <(missing_of "${wanted[@]}")
[[ ${#missing[@]} -gt 0 ]] || exit 0

echo "installing for $*: ${missing[*]}"
as_root apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"

mapfile -t missing < <(missing_of "${wanted[@]}")
if [[ ${#missing[@]} -gt 0 ]]; then
    echo "$0: still missing after apt-get install: ${missing[*]}" >&2
    exit 1
fi
