# Sourced by the scripts that fetch things: one folder outside the work tree, each entry filled once.
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
# Parallel callers wait for the one that fills. A stamp, written last, tells a complete entry from the remains
# of an interrupted one; the folder is filled in its final place because a Python environment cannot be moved.
cache_entry() {
    local name=$1 title=$2 fill=$3
    local folder
    folder=$(cache_root)/$name
    if [[ ! -e $folder/.complete ]]; then
        mkdir -p "$(cache_root)"
        (
            flock 9
            if [[ ! -e $folder/.complete ]]; then
                echo "fetching $title" >&2
                local begun=$SECONDS
                rm -rf "$folder"
                mkdir "$folder"
                "$fill" "$folder" >&2 || exit 1
                touch "$folder/.complete"
                echo "fetched $title in $((SECONDS - begun)) s" >&2
            fi
        ) 9>"$folder.lock" || return 1
    fi
    echo "$folder"
}
