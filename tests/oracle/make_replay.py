#!/usr/bin/env python3
"""Writes random cases with the alerts that the oracle expects, as a file for the replay driver.

    make_replay.py --from 0 --to 100000 [--jobs 2] [--output FILE]

One JSON object a line:
    {"case": NAME}                                     begins a case; all state is fresh
    {"given": TOPIC, "key", "at", "offset", "value"}   an event; "at" is the record's timestamp
    {"then": "alerts", "key", "value"}                 each alert of the event above, in order
    {"then": "dead-letters", "key", "reason": ""}      the event above was refused
The partition is 0. Numbers that are not finite, which JSON has no form for, are the strings "NaN",
"Infinity" and "-Infinity".
"""

import argparse
import json
import math
import multiprocessing
import sys

from alert_oracle import AlertOracle, Refused
from series import random_case

CASES_PER_CHUNK = 200

to_json = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


def take(oracle, event):
    """Gives one event to the oracle: its alerts, or Refused."""
    cause = (event["given"], event.get("partition", 0), event["offset"])
    value = event["value"]
    key = event.get("key", value["instrument"])
    if event["given"] == "subscriptions":
        return oracle.subscription(value, event["at"], cause, key)
    return oracle.quote(
        value["instrument"], value["value"], value["event_time"], event["at"], cause, key
    )


def replay_lines(name, events):
    """The lines of one case: each event followed by what comes of it."""
    oracle = AlertOracle()
    yield {"case": name}
    for event in events:
        try:
            alerts = take(oracle, event)
        except Refused:
            yield with_named_numbers(event)
            yield {"then": "dead-letters", "key": event["key"], "reason": ""}
            continue
        yield event
        for alert in alerts:
            yield {"then": "alerts", "key": alert["user_id"], "value": alert}


def with_named_numbers(event):
    """The event with numbers that are not finite as strings. Only a refused one can have them."""
    value = {name: named_number(field) for name, field in event["value"].items()}
    return dict(event, value=value)


def named_number(field):
    if not isinstance(field, float) or math.isfinite(field):
        return field
    if math.isnan(field):
        return "NaN"
    return "Infinity" if field > 0 else "-Infinity"


def chunk_text(seeds):
    return "".join(
        to_json(line) + "\n"
        for seed in seeds
        for line in replay_lines(str(seed), random_case(seed))
    )


def write_cases(first, end, jobs, output):
    chunks = [
        range(at, min(at + CASES_PER_CHUNK, end)) for at in range(first, end, CASES_PER_CHUNK)
    ]
    if jobs == 1:
        for chunk in chunks:
            output.write(chunk_text(chunk))
        return
    with multiprocessing.Pool(jobs) as pool:
        for text in pool.imap(chunk_text, chunks):
            output.write(text)


def main():
    parser = argparse.ArgumentParser(
        description="Random alert cases with the expected alerts, for the replay driver."
    )
    parser.add_argument("--from", dest="first", type=int, default=0, help="first seed")
    parser.add_argument("--to", dest="end", type=int, required=True, help="seed after the last")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--output", default="-", help="a file; standard output by default")
    arguments = parser.parse_args()
    if arguments.output == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        write_cases(arguments.first, arguments.end, arguments.jobs, sys.stdout)
        return
    with open(arguments.output, "w", encoding="utf-8", newline="\n") as output:
        write_cases(arguments.first, arguments.end, arguments.jobs, output)


if __name__ == "__main__":
    main()
