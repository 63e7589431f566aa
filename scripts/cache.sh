# Sourced by the scripts that fetch or make what lasts: one folder outside the work tree, each entry filled once.
# shellcheck shell=bash

# Prints the cache folder.
cache_root() {
    echo "${SOGLIA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/soglia}"
}

# Prints the first 8 hex digits of the SHA-256 of a file: a cache entry is named after what it was made from.
cache_key() {
    local sum
    sum=$(sha256sum "$1")
    echo "${sum:0:8}"
}

# cache_entry NAME TITLE FILL: prints the folder of the entry, first running `FILL FOLDER` if it is not complete.
# FILL chains its commands with &&: `set -e` does not reach into it. Parallel callers wait for the one that fills.
cache_entry() {
    local folder
    folder=$(cache_root)/$1
    if [[ ! -e $folder/.complete ]]; then
        mkdir -p "$(cache_root)" || return 1
        (flock 9 && fill_entry "$folder" "$2" "$3") 9>"$folder.lock" || return 1
    fi
    echo "$folder"
}

# A stamp, written last, tells a complete entry from the remains of an interrupted one; the folder is filled
# in its final place because a Python environment cannot be moved.
fill_entry() {
    local folder=$1 title=$2 fill=$3 begun=$SECONDS
    [[ ! -e $folder/.complete ]] || return 0
    echo "preparing $title" >&2
    if rm -rf "$folder" && mkdir "$folder" && "$fill" "$folder" >&2 && touch "$folder/.complete"; then
        echo "prepared $title in $((SECONDS - begun)) s" >&2
    else
        echo "cannot prepare $title in $folder" >&2
        return 1
    fi
}
