#!/usr/bin/env bash
# npm-fetch.sh NAME VERSION FOLDER [INTEGRITY]: leaves the files of an npm package in FOLDER (FOLDER/package.json),
# fetching it the first time; after that it needs no network. VERSION is exact; INTEGRITY is the hash of the
# archive as npm writes it (sha512-...). Nothing of the package is run, what it depends on is not fetched.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cache.sh
. "$here/cache.sh"

usage() {
    echo "usage: $0 NAME VERSION FOLDER [INTEGRITY]" >&2
    exit 2
}

[[ $# -eq 3 || $# -eq 4 ]] || usage
name=$1 version=$2 folder=$3 integrity=${4:-}
[[ $name =~ ^(@[a-z0-9._-]+/)?[a-zA-Z0-9._-]+$ ]] || usage
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[a-zA-Z0-9.-]+)?$ ]] || {
    echo "$0: $version is not an exact version" >&2
    exit 2
}

# check_integrity ARCHIVE
check_integrity() {
    local found
    found=sha512-$(openssl dgst -sha512 -binary "$1" | base64 -w 0)
    if [[ $found != "$integrity" ]]; then
        echo "$name@$version is not the archive that was pinned: it has $found"
        return 1
    fi
}

# npm is called in a folder of its own, where no configuration of a project is found.
fill() {
    command -v npm >/dev/null || {
        echo "npm is missing: scripts/install-packages.sh build"
        return 1
    }
    mkdir "$1/archive" "$1/package" &&
        (cd "$1/archive" && npm pack --loglevel=error --ignore-scripts "$name@$version" >/dev/null) &&
        { [[ -z $integrity ]] || check_integrity "$1"/archive/*.tgz; } &&
        tar -xzf "$1"/archive/*.tgz -C "$1/package" --strip-components=1 --no-same-owner &&
        rm -r "$1/archive"
}

entry=npm-${name//[@\/]/_}-$version
[[ -z $integrity ]] || entry+=-$(printf %s "$integrity" | sha256sum | head -c 8)
fetched=$(cache_entry "$entry" "$name $version" fill)/package

# The folder appears whole or not at all, also to somebody who looks meanwhile.
mkdir -p "$(dirname "$folder")"
fresh=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
cp -R "$fetched/." "$fresh/"
chmod -R u=rwX,go=rX "$fresh"
rm -rf "$folder"
mv -T "$fresh" "$folder"
