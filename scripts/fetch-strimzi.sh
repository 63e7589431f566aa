#!/usr/bin/env bash
# Prints the folder that holds Strimzi's definitions of KafkaTopic and KafkaUser, making them with Strimzi's own generator the first time.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cache.sh
. "$here/cache.sh"
# shellcheck source=scripts/maven-fetch.sh
. "$here/maven-fetch.sh"

pom=$here/../compose/kubernetes/strimzi-pom.xml
version=$(maven_version "$pom" strimzi.version)

fill() {
    maven_fetch "$pom" "$1/libs" &&
        "$("$here/java-home.sh")/bin/java" -cp "$1/libs/*" io.strimzi.crdgenerator.CrdGenerator --yaml --crd-api-version v1 \
            "io.strimzi.api.kafka.model.topic.KafkaTopic=$1/kafkatopic.yaml" "io.strimzi.api.kafka.model.user.KafkaUser=$1/kafkauser.yaml" &&
        rm -r "$1/libs"
}

cache_entry "strimzi-$version-$(cache_key "$pom")" "Strimzi's definitions $version" fill
