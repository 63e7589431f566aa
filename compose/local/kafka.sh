#!/usr/bin/env bash
# Apache Kafka on this machine without containers: one node for development, three for failover.
# Everything listens on the loopback address. The data stay in their folder between starts.
set -euo pipefail

usage() {
    cat <<'END'
usage: kafka.sh start|stop|status|wait [--nodes 1|3] [--data DIR] [--port PORT]

  start    formats the storage once, starts the nodes in the background, waits until they answer
  stop     ends the nodes in order; kills those that have not ended after 30 s
  status   tells what runs; exit code 0 when every node does, 3 otherwise
  wait     waits until a started cluster answers

Node n listens on PORT + n - 1, its controller on 100 above that. PORT is by default what it was at the
last start, or 9092; DIR is $XDG_STATE_HOME/soglia/kafka. SOGLIA_LOCAL_JAVA_OPTS goes to the broker's Java as it is.
END
}

here=$(cd "$(dirname "$0")" && pwd)
scripts=$here/../../scripts
readonly ready_s_max=60 stop_s_max=30 log_lines=15 cluster_id=4L6g3nShT-eMCtK--X86sw

command=${1:-}
[[ $# -gt 0 ]] && shift
nodes=
data=${XDG_STATE_HOME:-$HOME/.local/state}/soglia/kafka
port=

fail() {
    echo "kafka.sh: $*" >&2
    exit 1
}

refuse() {
    echo "kafka.sh: $*" >&2
    usage >&2
    exit 2
}

parse() {
    while [[ $# -gt 0 ]]; do
        case $1 in
            --nodes | --data | --port) [[ $# -ge 2 ]] || refuse "$1 needs a value" ;;
            *) refuse "unknown option $1" ;;
        esac
        case $1 in
            --nodes) nodes=$2 ;;
            --data) data=$2 ;;
            --port) port=$2 ;;
        esac
        shift 2
    done
    [[ -z $nodes || $nodes == 1 || $nodes == 3 ]] || refuse "--nodes is 1 or 3, not $nodes"
    [[ -z $port || $port =~ ^[0-9]{1,5}$ && $port -gt 0 && $port -lt 65400 ]] || refuse "--port $port is no port"
    data=$(realpath -m "$data")
    # A cluster keeps the number of nodes that it was formatted for, and while it runs its ports.
    local known_nodes='' known_port=''
    [[ ! -e $data/cluster ]] || read -r known_nodes known_port <"$data/cluster"
    local wanted_nodes=$nodes
    nodes=${known_nodes:-${nodes:-1}}
    port=${port:-${known_port:-9092}}
    [[ $nodes == "${wanted_nodes:-$nodes}" ]] ||
        fail "$data holds a cluster of $nodes; use --nodes $nodes or another --data"
    [[ ${known_port:-$port} == "$port" || -z $(running) ]] ||
        fail "the cluster in $data runs at port $known_port; stop it first"
}

node_port() { echo $((port + $1 - 1)); }
node_folder() { echo "$data/node-$1"; }

addresses() {
    local node list=
    for node in $(seq "$nodes"); do
        list+=,127.0.0.1:$(node_port "$node")
    done
    echo "${list#,}"
}

# Prints the pid of a running node, nothing if it does not run. A recycled pid or a zombie does not count.
node_pid() {
    local folder pid
    folder=$(node_folder "$1")
    [[ -s $folder/pid ]] || return 0
    pid=$(<"$folder/pid")
    if tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$folder/server.properties"; then
        echo "$pid"
    fi
}

# Prints the nodes that run.
running() {
    local node
    for node in $(seq "$nodes"); do
        [[ -z $(node_pid "$node") ]] || echo "$node"
    done
}

# After a kill a node waits for the end of its former session: a lone one for 3 s, as nobody takes its place.
session_properties() {
    local timeout_ms=6000
    [[ $nodes -ne 1 ]] || timeout_ms=3000
    echo "broker.session.timeout.ms=$timeout_ms"
    echo "broker.heartbeat.interval.ms=500"
}

write_properties() {
    local node=$1 replicas=$nodes in_sync=$(((nodes + 1) / 2)) id voters=
    for id in $(seq "$nodes"); do
        voters+=,$id@127.0.0.1:$(($(node_port "$id") + 100))
    done
    local address
    address=127.0.0.1:$(node_port "$node")
    cat <<END
process.roles=broker,controller
node.id=$node
controller.quorum.voters=${voters#,}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://$address,CONTROLLER://127.0.0.1:$(($(node_port "$node") + 100))
advertised.listeners=PLAINTEXT://$address
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$(node_folder "$node")/log
auto.create.topics.enable=false
default.replication.factor=$replicas
min.insync.replicas=$in_sync
# Sized for one small machine: the defaults make 50 partitions of each internal topic.
num.network.threads=2
num.io.threads=4
background.threads=2
offsets.topic.replication.factor=$replicas
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$replicas
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$replicas
share.coordinator.state.topic.min.isr=$in_sync
share.coordinator.state.topic.num.partitions=1
log.index.size.max.bytes=1048576
log.cleaner.dedupe.buffer.size=8388608
# Quick to react, where the defaults wait for the traffic of a data centre.
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
log.retention.check.interval.ms=3600000
log.initial.task.delay.ms=0
log.cleaner.backoff.ms=500
$(session_properties)
replica.lag.time.max.ms=5000
leader.imbalance.check.interval.seconds=10
unclean.leader.election.enable=false
END
}

# Finds Java and Kafka: sets kafka, and java as the command line up to the class.
# The shared archive of loaded classes halves the time of a start. The first broker to end in order
# leaves it in its folder (keep_archive takes it from there).
prepare_java() {
    local home
    home=$("$scripts/java-home.sh") || exit 1
    kafka=$("$scripts/fetch-kafka.sh") || exit 1
    java=("$home/bin/java" -XX:TieredStopAtLevel=1 -Xlog:cds=off -Xlog:cds+dynamic=off -XX:-UsePerfData
        -Djava.awt.headless=true "-Dlog4j2.configurationFile=$here/log4j2.properties" -cp "$kafka/libs/*")
    if [[ -e $kafka/classes.jsa ]]; then
        java+=("-XX:SharedArchiveFile=$kafka/classes.jsa")
    fi
}

# Moves a finished archive of classes from the folder of a node that has ended into the cache.
keep_archive() {
    local made
    made=$(node_folder "$1")/classes.jsa
    [[ -e $made ]] || return 0
    kafka=$("$scripts/fetch-kafka.sh")
    cp "$made" "$kafka/classes.jsa.$$"
    mv "$kafka/classes.jsa.$$" "$kafka/classes.jsa"
    rm "$made"
}

# Refuses a port that somebody else listens on. A node that was just killed holds its own for a moment, when
# its name is gone from the list of processes already.
check_port() {
    local _
    for _ in {1..50}; do
        (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
        sleep 0.1
    done
    fail "port $1 of 127.0.0.1 is taken by another program; use --port, or end it"
}

# A new storage is a copy of one that Kafka's tool has formatted before: nothing in it depends on more than the node's id.
format_node() {
    local folder formatted
    folder=$(node_folder "$1")
    formatted=$kafka/formatted-$1
    [[ ! -e $folder/log/meta.properties ]] || return 0
    if [[ -d $formatted && ! -e $folder/log ]]; then
        rm -rf "$folder/log.new"
        cp -r "$formatted" "$folder/log.new"
        mv "$folder/log.new" "$folder/log"
        return 0
    fi
    "${java[@]}" kafka.tools.StorageTool format -t "$cluster_id" -c "$folder/server.properties" \
        --ignore-formatted >"$folder/format.log" 2>&1 ||
        fail "cannot format $folder:"$'\n'"$(tail -n $log_lines "$folder/format.log")"
    cp -r "$folder/log" "$formatted.$$"
    mv -T "$formatted.$$" "$formatted" 2>/dev/null || rm -r "$formatted.$$" # Another one was faster.
}

start_node() {
    local node=$1 folder
    folder=$(node_folder "$node")
    check_port "$(node_port "$node")"
    check_port $(($(node_port "$node") + 100))
    mkdir -p "$folder"
    write_properties "$node" >"$folder/server.properties"
    format_node "$node"

    local options=(-Xms256m -Xmx512m)
    [[ $nodes -eq 1 ]] || options=(-Xms128m -Xmx384m)
    [[ -e $kafka/classes.jsa || $node -ne 1 ]] || options+=("-XX:ArchiveClassesAtExit=$folder/classes.jsa")
    [[ ! -e $folder/kafka.log ]] || mv "$folder/kafka.log" "$folder/kafka.log.1"
    # shellcheck disable=SC2086 # The user's options are several words.
    setsid "${java[@]}" "${options[@]}" ${SOGLIA_LOCAL_JAVA_OPTS:-} kafka.Kafka "$folder/server.properties" \
        </dev/null >"$folder/kafka.log" 2>&1 &
    echo $! >"$folder/pid"
    # Until it has become Java, it has this script's command line, by which node_pid does not know it.
    while [[ -z $(node_pid "$node") ]] && kill -0 $! 2>/dev/null; do
        sleep 0.01
    done
}

last_lines() {
    local log
    log=$(node_folder "$1")/kafka.log
    [[ -e $log ]] || return 0
    echo "last lines of $log:"
    tail -n $log_lines "$log"
}

# Succeeds when every node is in the metadata that the cluster serves. An open port alone proves nothing,
# but a closed one saves asking: kcat needs a second to find that out.
answers() {
    (: <"/dev/tcp/127.0.0.1/$(node_port 1)") 2>/dev/null &&
        [[ $(kcat -b "$(addresses)" -L -m 1 2>/dev/null) == *" $nodes brokers:"* ]]
}

await_ready() {
    local begun=$SECONDS node
    until answers; do
        for node in $(seq "$nodes"); do
            [[ -n $(node_pid "$node") ]] || fail "node $node does not run"$'\n'"$(last_lines "$node")"
        done
        [[ $((SECONDS - begun)) -lt $ready_s_max ]] ||
            fail "no answer at $(addresses) within $ready_s_max s"$'\n'"$(last_lines 1)"
        sleep 0.05
    done
}

start() {
    local node begun=${EPOCHREALTIME/./}
    prepare_java
    mkdir -p "$data"
    echo "$nodes $port" >"$data/cluster"
    for node in $(seq "$nodes"); do
        [[ -n $(node_pid "$node") ]] || start_node "$node"
    done
    await_ready
    echo "Kafka answers at $(addresses) after $(((${EPOCHREALTIME/./} - begun) / 1000)) ms, data in $data"
}

# Waits until a node has ended; kills it when that takes too long.
end_node() {
    local begun=$SECONDS pid
    while pid=$(node_pid "$1") && [[ -n $pid ]]; do
        if [[ $((SECONDS - begun)) -ge $stop_s_max ]]; then
            echo "kafka.sh: node $1 has not ended within $stop_s_max s: killing it" >&2
            kill -KILL "$pid" 2>/dev/null || true
            begun=$SECONDS
        fi
        sleep 0.05
    done
    rm -f "$(node_folder "$1")/pid"
    keep_archive "$1"
}

stop() {
    local node pid
    for node in $(seq "$nodes"); do
        pid=$(node_pid "$node")
        [[ -z $pid ]] || kill -TERM "$pid" 2>/dev/null || true
    done
    for node in $(seq "$nodes"); do
        end_node "$node"
    done
    echo "Kafka is stopped, data kept in $data"
}

status() {
    local node pid code=0
    for node in $(seq "$nodes"); do
        pid=$(node_pid "$node")
        if [[ -n $pid ]]; then
            echo "node $node runs, pid $pid, 127.0.0.1:$(node_port "$node")"
        else
            echo "node $node does not run"
            code=3
        fi
    done
    return $code
}

case $command in
    start | stop | status | wait) ;;
    help | --help | -h)
        usage
        exit 0
        ;;
    *) refuse "no such command: ${command:-(none)}" ;;
esac
parse "$@"
if [[ $command == wait ]]; then
    await_ready
else
    "$command"
fi
