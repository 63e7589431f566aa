# Sourced by fetch-kafka.sh and fetch-apicurio.sh: copies what a pom names into a folder, with Java 17.
# shellcheck shell=bash

# maven_version POM PROPERTY: prints the version that the pom pins under that property.
maven_version() {
    sed -n "s:.*<$2>\(.*\)</$2>.*:\1:p" "$1"
}

# maven_fetch POM FOLDER: copies the runtime dependencies of the pom into the folder. Silent but for errors.
maven_fetch() {
    JAVA_HOME=$("$(dirname "${BASH_SOURCE[0]}")/java-home.sh") \
        mvn -q -B -Dstyle.color=never -f "$1" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
        -DincludeScope=runtime -DoutputDirectory="$2"
}
