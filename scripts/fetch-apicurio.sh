#!/usr/bin/env bash
# Prints the folder that holds the Apicurio registry, fetching it from Maven Central the first time.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cache.sh
. "$here/cache.sh"
# shellcheck source=scripts/maven-fetch.sh
. "$here/maven-fetch.sh"

pom=$here/../compose/local/apicurio-pom.xml
version=$(maven_version "$pom" apicurio.version)

fill() {
    maven_fetch "$pom" "$1/archive" &&
        tar -xzf "$1"/archive/*.tar.gz -C "$1" &&
        rm -r "$1/archive"
}

cache_entry "apicurio-$version-$(cache_key "$pom")" "Apicurio Registry $version" fill
