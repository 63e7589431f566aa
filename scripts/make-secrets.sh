#!/usr/bin/env bash
# make-secrets.sh [FOLDER [NAME...]]: what containers are given as secrets, each file made once: the keys that serve and deliver
# share, the certificate of the gateway for localhost and NAMEs, Grafana's password. FOLDER is compose/secrets. To rotate a key,
# put a line above the others in soglia.keys; `identity` stays for ever.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-compose/secrets}
[[ $# -eq 0 ]] || shift
umask 077
mkdir -p "$folder"
# A container's user is another one than ours: the files are for all, the folder for its owner alone.
chmod 0700 "$folder"

# put NAME: standard input becomes a file, whole or not at all.
put() {
    cat >"$folder/.$1.new"
    chmod 0444 "$folder/.$1.new"
    mv "$folder/.$1.new" "$folder/$1"
    echo "made $folder/$1"
}

random_hex() {
    openssl rand -hex 32
}

if [[ ! -e $folder/soglia.keys ]]; then
    { echo "identity $(random_hex)" && echo "k1 $(random_hex)"; } | put soglia.keys
fi
[[ -e $folder/grafana_password ]] || random_hex | put grafana_password
# Empty without a log-in at the mail server.
[[ -e $folder/smtp_password ]] || put smtp_password </dev/null
scripts/make-certificate.sh "$folder" "$@"
