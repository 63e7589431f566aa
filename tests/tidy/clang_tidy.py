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
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
KEPT_S = 30 * 24 * 3600


def output_of(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True).stdout


def hash_of(*lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@cache
def digest_of(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@cache
def surroundings():
    """The hash of the tool, of everything that it is told, and of the system's headers by size and time."""
    known = output_of("git", "-C", str(ROOT), "ls-files", ":(glob)**/.clang-tidy").split()
    system = sorted(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}"
                    for path in Path("/usr/include").rglob("*.h") if path.is_file())
    return hash_of(output_of(TOOL, "--version"), *(name + digest_of(ROOT / name) for name in known), *system)


@cache
def named_by(path):
    """What a file includes of the project, which includes by quotes: the system's headers are in angle brackets."""
    return INCLUDE.findall(Path(path).read_bytes().decode())


@cache
def header(name, folders):
    return next((path for folder in folders if os.path.exists(path := os.path.join(folder, name))), None)


def dependencies(source, folders):
    """The source and all headers of the project that it includes, also those of a branch that is not compiled."""
    found, left = {source}, [source]
    while left:
        path = left.pop()
        for name in named_by(path):
            other = header(name, (os.path.dirname(path), *folders))
            if other is not None and other not in found:
                found.add(other)
                left.append(other)
    return sorted(found)


def key_of(entry):
    """The hash of all that the findings depend on; the same in every clone."""
    folders = tuple(word[2:] for word in shlex.split(entry["command"]) if word.startswith("-I"))
    there = [f"{os.path.relpath(path, ROOT)} {digest_of(path)}" for path in dependencies(entry["file"], folders)]
    return hash_of(surroundings(), entry["command"].replace(str(ROOT), "."), *there)


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
