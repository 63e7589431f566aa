#!/usr/bin/env bash
# Prints the folder of the tests' Python environment (FOLDER/bin/python), making it the first time.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/cache.sh
. "$here/cache.sh"

requirements=$here/../tests/requirements.txt
# Debian's own Python: another one on the PATH may lack what its packages need.
python=$(readlink -f /usr/bin/python3)

fill() {
    "$python" -m venv "$1" &&
        "$1/bin/python" -m pip install -q --disable-pip-version-check --no-deps -r "$requirements" &&
        "$1/bin/python" -m pip -q check
}

cache_entry "tests-$(basename "$python")-$(cache_key "$requirements")" "the tests' Python packages" fill
