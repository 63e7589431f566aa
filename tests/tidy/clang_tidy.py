#!/usr/bin/env python3
"""clang-tidy over every source of a build, with every finding of each.

    clang_tidy.py BUILD CACHE

A source in which nothing was found is passed over until it changes, or a header that it includes, its command, a rule or the tool:
CACHE keeps an empty file of each, named after the hash of all of these. Ends with "N passed, N failed".
"""
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = "clang-tidy"
# Copies of headers, each for itself, and two generated files that are nothing but bytes.
PASSED_OVER = re.compile(r"_verify_interface_header_sets/|/(web_table|openapi_text)\.c$")
KEPT_S = 30 * 24 * 3600


def output_of(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


@cache
def digest_of(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@cache
def rules():
    """The tool and everything that it is told."""
    known = output_of("git", "-C", str(ROOT), "ls-files", ":(glob)**/.clang-tidy").split()
    return [output_of(TOOL, "--version"), *(name + digest_of(ROOT / name) for name in known)]


def dependencies(argv, folder):
    """The source and all headers that it includes, those of the system too."""
    at = argv.index("-o")
    made = subprocess.run([*argv[:at], *argv[at + 2:], "-M"], check=True, cwd=folder, stdout=subprocess.PIPE, text=True).stdout
    return sorted(set(made.replace("\\\n", " ").partition(":")[2].split()))


def key_of(entry):
    """The hash of all that the findings depend on; the same in every clone."""
    argv = shlex.split(entry["command"])
    there = [f"{os.path.relpath(path, ROOT)} {digest_of(os.path.join(entry['directory'], path))}"
             for path in dependencies(argv, entry["directory"])]
    text = "\n".join([*rules(), entry["command"].replace(str(ROOT), "."), *there])
    return hashlib.sha256(text.encode()).hexdigest()


def check(build, entry, kept):
    """None when nothing is found in a source, what is found otherwise."""
    clean = kept / key_of(entry)
    if not clean.exists():
        done = subprocess.run([TOOL, "--quiet", "-p", build, entry["file"]], capture_output=True, text=True, check=False)
        if done.returncode != 0 or done.stdout.strip():
            return done.stdout + done.stderr
    clean.touch()
    return None


def main():
    build, kept = sys.argv[1], Path(sys.argv[2])
    kept.mkdir(parents=True, exist_ok=True)
    entries = json.loads((Path(build) / "compile_commands.json").read_text(encoding="utf-8"))
    entries = [one for one in entries if not PASSED_OVER.search(one["file"])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [text for text in pool.map(lambda entry: check(build, entry, kept), entries) if text is not None]
    for old in kept.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_S:
            old.unlink(missing_ok=True)
    print(*found, f"{len(entries) - len(found)} passed, {len(found)} failed", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
