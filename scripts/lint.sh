#!/usr/bin/env bash
# Formatting, shell scripts, and the house rules that no compiler checks.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z '*.c' '*.h' | xargs -0 clang-format --style=file --dry-run -Werror
git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck -x
python3 tests/tidy/house_rules.py
