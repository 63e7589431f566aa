#!/usr/bin/env bash
# Prints the home of a Java 17 or newer: SOGLIA_JAVA_HOME, Debian's OpenJDK 17, JAVA_HOME, then the PATH.
# Kafka 4 does not run on an older one, and Debian may have several side by side.
set -euo pipefail

# Prints the major version of the Java in a home folder, 0 if there is none.
major_of() {
    local line version=0
    if [[ -x $1/bin/java ]]; then
        line=$("$1/bin/java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
        version=${line:-0}
    fi
    echo "$version"
}

if [[ -n ${SOGLIA_JAVA_HOME:-} ]]; then
    echo "$SOGLIA_JAVA_HOME"
    exit 0
fi
for home in /usr/lib/jvm/java-17-openjdk-*; do
    # The folder's name is proof enough: asking the program costs a JVM start.
    if [[ -x $home/bin/java ]]; then
        echo "$home"
        exit 0
    fi
done
on_path=$(command -v java || true)
for home in "${JAVA_HOME:-}" "${on_path:+$(dirname "$(dirname "$(readlink -f "$on_path")")")}"; do
    if [[ -n $home && $(major_of "$home") -ge 17 ]]; then
        echo "$home"
        exit 0
    fi
done
echo "$0: no Java 17 or newer; install openjdk-17-jre-headless or set SOGLIA_JAVA_HOME" >&2
exit 1
