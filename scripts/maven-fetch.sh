# Sourced by fetch-kafka.sh and fetch-apicurio.sh: copies what a pom names into a folder, with Java 17.
# shellcheck shell=bash

# maven_version POM PROPERTY: prints the version that the pom pins under that property.
maven_version() {
    sed -n "s:.*<$2>\(.*\)</$2>.*:\1:p" "$1"
}

# maven_fetch POM FOLDER: copies the runtime dependencies of the pom into the folder. Prints only what failed.
maven_fetch() {
    local home output
    home=$("$(dirname "${BASH_SOURCE[0]}")/java-home.sh") || return 1
    output=$(JAVA_HOME=$home mvn -q -B -f "$1" \
        org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$2" 2>&1) || {
        # Maven resets colours nobody set, even when it writes to no terminal.
        echo "${output//$'\e[0m'/}"
        return 1
    }
}
