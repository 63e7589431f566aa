#!/usr/bin/env bash
# Makes server.properties of the KAFKA_* variables as apache/kafka does (a single underscore is a dot), formats the storage once, runs.
set -euo pipefail
cd /opt/kafka
properties=config/server.properties
: >"$properties"
for name in "${!KAFKA_@}"; do
    case $name in
        KAFKA_HEAP_OPTS | KAFKA_OPTS) continue ;;
    esac
    key=${name#KAFKA_}
    key=${key,,}
    echo "${key//_/.}=${!name}" >>"$properties"
done
java=(java -XX:TieredStopAtLevel=1 -XX:-UsePerfData -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties -cp "/opt/kafka/libs/*")
"${java[@]}" kafka.tools.StorageTool format -t "$CLUSTER_ID" -c "$properties" --ignore-formatted >/dev/null
# shellcheck disable=SC2086 # Several words.
exec "${java[@]}" ${KAFKA_HEAP_OPTS:-} kafka.Kafka "$properties"
