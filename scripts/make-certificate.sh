#!/usr/bin/env bash
# make-certificate.sh FOLDER [NAME...]: a self-signed certificate and its key, tls.crt and tls.key, for localhost and the given
# host names and addresses. One that is good for another 30 days and has all the names stays as it is.
set -euo pipefail

usage() {
    echo "usage: $0 FOLDER [NAME...]" >&2
    exit 2
}
readonly days=397 renew_s=$((30 * 24 * 3600))

[[ $# -gt 0 && -n $1 && $1 != -* ]] || usage
folder=$1
shift
names=
for name in localhost 127.0.0.1 ::1 "$@"; do
    [[ $name =~ ^[0-9A-Za-z.:*-]+$ ]] || usage
    kind=DNS
    [[ ! $name =~ ^[0-9.]+$|: ]] || kind=IP
    names+=,$kind:$name
done
names=${names#,}

# A certificate remembers its names in the order in which they were asked for.
is_good() {
    [[ -s $folder/tls.key && -s $folder/tls.crt && -e $folder/tls.names && $(<"$folder/tls.names") == "$names" ]] &&
        openssl x509 -in "$folder/tls.crt" -noout -checkend $renew_s >/dev/null
}

if is_good; then
    exit 0
fi
mkdir -p "$folder"
made=$(mktemp -d "$folder/.new.XXXXXX")
trap 'rm -rf "$made"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days $days -subj /CN=soglia \
    -addext "subjectAltName=$names" -addext basicConstraints=critical,CA:FALSE -addext keyUsage=critical,digitalSignature \
    -addext extendedKeyUsage=serverAuth -keyout "$made/tls.key" -out "$made/tls.crt" 2>"$made/log" || {
    cat "$made/log" >&2
    exit 1
}
# Readable for whatever user the gateway runs as; the folder keeps everybody else out.
chmod 0444 "$made/tls.key" "$made/tls.crt"
mv -f "$made/tls.key" "$made/tls.crt" "$folder/"
echo "$names" >"$folder/tls.names"
echo "made a certificate for $names: $folder/tls.crt"
