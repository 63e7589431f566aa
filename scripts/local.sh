# Sourced by up.sh, down.sh and status.sh: where a local installation keeps its things, and how its processes are started
# and ended. Settings of soglia go through its environment variables as everywhere.
# shellcheck shell=bash disable=SC2034

home=${SOGLIA_LOCAL_HOME:-${XDG_STATE_HOME:-$HOME/.local/state}/soglia}
kafka_nodes=${SOGLIA_LOCAL_NODES:-}
kafka_port=${SOGLIA_LOCAL_KAFKA_PORT:-9092}
mail_port=${SOGLIA_LOCAL_MAIL_PORT:-1025}
mail_page_port=${SOGLIA_LOCAL_MAIL_PAGE_PORT:-8025}
# Seconds: soglia ends within 5 by promise.
readonly stop_s_max=10 ready_s_max=30
# By which soglia is known among the processes.
readonly soglia_line='keep-running.sh build/soglia run all'

export SOGLIA_KAFKA_BROKERS=${SOGLIA_KAFKA_BROKERS:-127.0.0.1:$kafka_port}
export SOGLIA_STATE_DIR=${SOGLIA_STATE_DIR:-$home/state}
export SOGLIA_HTTP_LISTEN=${SOGLIA_HTTP_LISTEN:-127.0.0.1:8080}

# Tells whether the process of a pid file runs and is the program that was started, not a later one of the same number.
is_running() {
    local pid
    [[ -r $home/run/$1.pid ]] && read -r pid <"$home/run/$1.pid" && [[ -n $pid ]] &&
        tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "$2"
}

# start NAME PATTERN COMMAND...: in the background, apart from the terminal, output to a log. PATTERN is part of its command line.
start() {
    local name=$1 pattern=$2
    shift 2
    is_running "$name" "$pattern" && return
    mkdir -p "$home/run" "$home/log"
    [[ ! -e $home/log/$name.log ]] || mv "$home/log/$name.log" "$home/log/$name.log.1"
    setsid "$@" </dev/null >"$home/log/$name.log" 2>&1 &
    echo $! >"$home/run/$name.pid"
    # Until it is the program: before that is_running() would not know it.
    until is_running "$name" "$pattern" || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
}

# stop NAME PATTERN: SIGTERM, a bounded wait, SIGKILL.
stop() {
    local pid tenths=0
    if ! is_running "$1" "$2"; then
        rm -f "$home/run/$1.pid"
        return
    fi
    read -r pid <"$home/run/$1.pid"
    kill -TERM "$pid"
    while kill -0 "$pid" 2>/dev/null; do
        if ((tenths++ > stop_s_max * 10)); then
            echo "$1 did not end within $stop_s_max s, killing it" >&2
            # What was started leads a group of its own: its children are ended with it.
            kill -KILL -- "-$pid" 2>/dev/null || true
        fi
        sleep 0.1
    done
    rm -f "$home/run/$1.pid"
    echo "$1 stopped"
}
