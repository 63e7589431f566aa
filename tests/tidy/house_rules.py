#!/usr/bin/env python3
"""The house rules that no compiler checks: sizes, banned calls and includes, names, READMEs.

Prints one line for each break, with the rule and what to do, and ends with "N passed, N failed".
"""
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE_LINES_MAX = 400
HEADER_LINES_MAX = 100
LINE_COLUMNS_MAX = 100
SOURCES_IN_FOLDER_MAX = 12
PAGE_LINES_MAX = 480
PAGE_COLUMNS_MAX = 240
# What the page may not do, and what it does instead.
PAGE_BANNED = {
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createContextualFragment)\b": "core/dom.js, which knows text only",
    r"\b(eval|Function)\(|document\.write": "code that is there", r"https?://(?!www\.w3\.org/)": "what this server has",
    r"\bstyle=|cssText": "a class; single values by element.style", r"\b(alert|prompt)\(": "views/states.js",
}

# A banned call and what stands in its place.
BANNED_CALLS = {
    "strcpy": "memcpy with a known size", "strcat": "buffer_append", "sprintf": "snprintf or buffer_print",
    "strtok": "a loop over a slice", "atoi": "number_read_int", "atol": "number_read_int", "atof": "number_read_double",
    "gets": "read", "rand": "the seed of the event", "srand": "nothing", "localtime": "zone_time (ICU)",
    "gmtime": "gmtime_r or clock_print", "system": "nothing", "setlocale": "nothing: numbers are independent of the locale",
}
# A folder and what its files may not call.
BANNED_IN = {
    "streams/processors/": {"clock_wall_ms": "the event's time", "clock_monotonic_us": "the event's time", "time": "the event's time",
                            "clock_gettime": "the event's time", "getenv": "a setting", "random": "the seed of the event"},
}
# A library's header and the folders that may include it.
LIBRARY_HOMES = {
    "librdkafka/": ("core/kafka/", "bench/", "tests/unit/kafka/", "tests/integration/"),
    "lmdb.h": ("state/", "tests/unit/state/"),
    "microhttpd.h": ("query/",),
    "curl/": ("core/net/", "connectors/", "tests/"),
    "avro.h": ("schemas/", "tests/"),
    "unicode/": ("core/zone/", "tests/"),
}
# Layers that must not include each other; topics join them.
STRANGERS = [("streams/", ("connectors/", "query/", "app/")), ("connectors/", ("streams/", "query/", "app/")),
             ("query/", ("streams/", "connectors/", "app/")), ("state/", ("streams/", "connectors/", "query/", "app/")),
             ("schemas/", ("state/", "streams/", "connectors/", "query/", "app/")),
             ("core/", ("schemas/", "state/", "streams/", "connectors/", "query/", "app/"))]
VAGUE_NAMES = {"util", "utils", "common", "helpers", "helper", "misc"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def without_comments_and_texts(text):
    """The code alone; lines keep their numbers."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'', blank, text, flags=re.S)


def check_sizes(name, text):
    lines = text.splitlines()
    limit = HEADER_LINES_MAX if name.endswith(".h") else SOURCE_LINES_MAX
    if len(lines) > limit and not name.startswith("tests/"):
        yield f"{name}: {len(lines)} lines, at most {limit}: split it by noun"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and "http" not in line:
            yield f"{name}:{number}: {len(line)} columns, at most {LINE_COLUMNS_MAX}"


def check_calls(name, code):
    banned = dict(BANNED_CALLS)
    for folder, calls in BANNED_IN.items():
        if name.startswith(folder):
            banned.update(calls)
    if not name.startswith(("app/", "tests/", "schemas/generator/")):
        banned["exit"] = "a result"
    for call, instead in banned.items():
        for match in re.finditer(rf"(?<![\w.>]){call}\s*\(", code):
            yield f"{name}:{code.count(chr(10), 0, match.start()) + 1}: {call}() is banned; use {instead}"
    if name.endswith(".c") and "crash_point" not in name and not name.startswith("tests/"):
        for match in re.finditer(r"^\s*#\s*(ifdef|ifndef|if)\b", code, re.M):
            yield f"{name}:{code.count(chr(10), 0, match.start()) + 1}: no #{match.group(1)} in a .c file; let CMake choose another file"


def check_includes(name, text):
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r'\s*#\s*include\s+[<"]([^">]+)', line)
        if not found:
            continue
        header = found.group(1)
        for library, homes in LIBRARY_HOMES.items():
            if header.startswith(library) and not name.startswith(homes):
                yield f"{name}:{number}: {header} belongs to {', '.join(homes)} alone"
        for layer, others in STRANGERS:
            if name.startswith(layer) and header.startswith(others):
                yield f"{name}:{number}: {layer} must not include {header}"
    kinds = "".join(re.findall(r'^#include ([<"])(?!.*metric_table)', text, re.M))
    if not name.startswith("tests/") and '<"' in kinds:
        yield f"{name}: includes in the wrong order: its own header, ours, then libraries, then libc"
    if name.endswith(".h") and "#pragma once" not in text and not name.endswith("_table.h"):
        yield f"{name}: a header begins with #pragma once"
    if not text.startswith("//"):
        yield f"{name}: a file begins with two to five lines on what it is for"


def check_page(name, text):
    """The page's own rules: no HTML from data, nothing inline, nothing from elsewhere."""
    lines = text.splitlines()
    if len(lines) > PAGE_LINES_MAX:
        yield f"{name}: {len(lines)} lines, at most {PAGE_LINES_MAX}: split it by noun"
    if not text.startswith(("//", "/*", "<", "{")):
        yield f"{name}: a file begins with what it is for"
    for number, line in enumerate(lines, 1):
        if len(line) > PAGE_COLUMNS_MAX and not name.endswith((".svg", ".html")) and "'M" not in line:
            yield f"{name}:{number}: {len(line)} columns, at most {PAGE_COLUMNS_MAX}"
        for banned, instead in PAGE_BANNED.items():
            if re.search(banned, line):
                yield f"{name}:{number}: {banned} is banned; use {instead}"


def check_names(names):
    by_base = defaultdict(list)
    per_folder = defaultdict(int)
    for name in names:
        path = Path(name)
        by_base[path.name].append(name)
        if path.stem in VAGUE_NAMES:
            yield f"{name}: a name that says nothing; call it by its noun"
        if path.suffix == ".c" and not name.startswith("tests/"):
            per_folder[str(path.parent)] += 1
    for base, places in by_base.items():
        if len(places) > 1:
            yield f"{base}: the same base name in {', '.join(places)}"
    for folder, count in per_folder.items():
        if count > SOURCES_IN_FOLDER_MAX:
            yield f"{folder}/: {count} sources, at most {SOURCES_IN_FOLDER_MAX}: split the folder"


def check_readmes(names):
    for folder in sorted({name.split("/")[0] for name in names if "/" in name} - {".ci"}):
        if not (ROOT / folder / "README.md").is_file():
            yield f"{folder}/README.md is missing: what lives here, what may not, the path of one event through it"


def main():
    sources = tracked("*.c", "*.h")
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in sources}
    problems = []
    for name, text in texts.items():
        code = without_comments_and_texts(text)
        for check in (check_sizes(name, text), check_calls(name, code), check_includes(name, text)):
            problems.extend(check)
    for name in tracked("web/*.js", "web/*.css", "web/*.html"):
        problems.extend(check_page(name, (ROOT / name).read_text(encoding="utf-8")))
    problems.extend(check_names(sources))
    everything = tracked()
    problems.extend(check_readmes(everything))
    for name in everything:
        if name.endswith((".c", ".h", ".py", ".sh", ".js", "Makefile")) and name != "tests/tidy/house_rules.py":
            for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
                if UNFINISHED.search(line):
                    problems.append(f"{name}:{number}: unfinished: {line.strip()[:80]}")
    for problem in problems:
        print(problem)
    print(f"{len(sources)} passed, {len(problems)} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
