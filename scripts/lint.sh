#!/usr/bin/env bash
# Formatting and the house rules that no compiler checks.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files -z '*.c' '*.h' | xargs -0 clang-format --style=file --dry-run -Werror
python3 tests/tidy/house_rules.py
