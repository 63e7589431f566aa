#!/usr/bin/env bash
# Prints the folder that holds Apache Kafka's jars in libs/, fetching them from Maven Central the first time.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cache.sh
. "$here/cache.sh"
# shellcheck source=scripts/maven-fetch.sh
. "$here/maven-fetch.sh"

pom=$here/../compose/local/kafka-pom.xml
version=$(maven_version "$pom" kafka.version)

fill() {
    maven_fetch "$pom" "$1/libs"
}

cache_entry "kafka-$version-$(cache_key "$pom")" "Apache Kafka $version" fill
