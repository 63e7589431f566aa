"""The recorded series as quotes, with subscriptions for them and the alerts to expect.

They are read from the folder in SOGLIA_DATA, or from ../shared/data beside the repository. Where
they are absent, generated files of the same names and oddities stand in, and available() is False.

Each file is described by the options of `soglia fetch csv` that replay it; read_csv() is what these
mean. Rows keep the order of the file: its disorder is part of the data.
"""

import atexit
import calendar
import csv
import heapq
import math
import os
import shutil
import tempfile
from collections import Counter
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

from alert_oracle import AlertOracle, Refused
from generated_files import write_generated_files
from make_replay import take

NAB = {
    "time-column": "timestamp",
    "time-format": "%Y-%m-%d %H:%M:%S",
    "value-column": "value",
    "source": "nab",
}
EIA = {
    "time-column": "Date",
    "time-format": "%Y-%m-%d",
    "value-column": "Price",
    "skip-values": "",
    "source": "eia",
}
SFO = {
    "time-column": "month",
    "time-format": "%Y-%m",
    "month-end": True,
    "sum": True,
    "source": "datasf",
}

# The options of `soglia fetch csv` for each file. True stands for an option without a value.
FILES = {
    "nab/ec2_request_latency_system_failure.csv": NAB | {"instrument": "metric:ec2:latency"},
    "nab/elb_request_count_8c0756.csv": NAB | {"instrument": "metric:elb:requests"},
    "nab/rds_cpu_utilization_e47b3b.csv": NAB | {"instrument": "metric:rds:cpu_percent"},
    "nab/machine_temperature_system_failure.csv": NAB
    | {"instrument": "metric:machine:temperature"},
    "nab/nyc_taxi.csv": NAB | {"instrument": "metric:taxi:passengers"},
    "nab/Twitter_volume_AAPL.csv": NAB | {"instrument": "metric:mentions:AAPL"},
    "nab/TravelTime_387.csv": NAB | {"instrument": "metric:road387:travel_time"},
    "nab/speed_7578.csv": NAB | {"instrument": "metric:road7578:speed"},
    "fx/ecb_eurofxref_hist.csv": {
        "time-column": "Date",
        "time-format": "%Y-%m-%d",
        "time-of-day": "15:00:00",
        "value-columns": "rest",
        "instrument-prefix": "fx:EUR/",
        "skip-values": "N/A,",
        "reverse": True,
        "source": "ecb",
    },
    "commodities/wti_daily.csv": EIA | {"instrument": "stock:WTI"},
    "commodities/brent_daily.csv": EIA | {"instrument": "stock:BRENT"},
    "commodities/henry_hub_daily.csv": EIA | {"instrument": "stock:HENRYHUB"},
    "airports/sfo_landings_monthly.csv": SFO
    | {"instrument": "airport:KSFO:landings", "value-column": "landings"},
    "airports/sfo_passengers_monthly.csv": SFO
    | {"instrument": "airport:KSFO:passengers", "value-column": "deplaned+enplaned"},
}
ROUTES = "airports/us_routes_2008.csv"


class Quote(NamedTuple):
    instrument: str
    value: float
    event_time: int
    source: str


# Where the files are.


def recorded_folder():
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    return Path(os.environ.get("SOGLIA_DATA") or beside)


def available():
    """Whether every recorded file is there."""
    return all((recorded_folder() / file).is_file() for file in (*FILES, ROUTES))


@cache
def generated_folder():
    """A temporary folder with the generated files, removed when the program ends."""
    folder = Path(tempfile.mkdtemp(prefix="soglia-generated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_generated_files(folder)
    return folder


def folder():
    """The folder of the recorded files or, without them, of the generated ones."""
    return recorded_folder() if available() else generated_folder()


# From files to quotes.


def command_line(file, root=None):
    """The arguments after `soglia` that replay the file."""
    arguments = ["fetch", "csv", str((root or folder()) / file)]
    for name, value in FILES[file].items():
        arguments.append(f"--{name}" if value is True else f"--{name}={value}")
    return arguments


@cache
def read(file, root=None):
    """The quotes of one file, in the order in which they are to be sent. The same list each time: not to be changed."""
    return read_csv((root or folder()) / file, FILES[file])


def read_all(root=None):
    """The quotes of every file, by file."""
    return {file: read(file, root) for file in FILES}


def by_instrument(quotes):
    """The series of each instrument, in order."""
    series = {}
    for quote in quotes:
        series.setdefault(quote.instrument, []).append(quote)
    return series


def read_csv(path, options):
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if options.get("reverse"):
        rows.reverse()
    quotes = []
    for row in rows:
        time = event_time(row[options["time-column"]], options)
        for instrument, value in values_of(row, options):
            quotes.append(Quote(instrument, value, time, options["source"]))
    return summed(quotes) if options.get("sum") else quotes


def values_of(row, options):
    """The (instrument, value) pairs of one row."""
    skipped = options["skip-values"].split(",") if "skip-values" in options else []
    if options.get("value-columns") == "rest":
        for column, cell in row.items():
            if column and column != options["time-column"] and cell not in skipped:
                yield options["instrument-prefix"] + column, float(cell)
        return
    cells = [row[column] for column in options["value-column"].split("+")]
    if not any(cell in skipped for cell in cells):
        yield options["instrument"], float(sum(float(cell) for cell in cells))


def event_time(text, options):
    """Milliseconds since 1970. The files name no zone: UTC."""
    time = datetime.strptime(text, options["time-format"]).replace(tzinfo=timezone.utc)
    if "time-of-day" in options:
        hour, minute, second = map(int, options["time-of-day"].split(":"))
        time = time.replace(hour=hour, minute=minute, second=second)
    if options.get("month-end"):
        time = time.replace(day=calendar.monthrange(time.year, time.month)[1])
    return calendar.timegm(time.timetuple()) * 1000


def summed(quotes):
    """Adds up neighbours of the same instrument and time."""
    sums = []
    for quote in quotes:
        last = sums[-1] if sums else None
        if last and (last.instrument, last.event_time) == (quote.instrument, quote.event_time):
            sums[-1] = last._replace(value=last.value + quote.value)
        else:
            sums.append(quote)
    return sums


def key_weights(root=None):
    """Flights by origin: how unevenly real keys are used."""
    with open((root or folder()) / ROUTES, encoding="utf-8", newline="") as file:
        weights = Counter()
        for row in csv.DictReader(file):
            weights[row["origin"]] += int(row["count"])
        return weights


# Subscriptions at quantiles.


def quantile(values, part):
    """A value of the series, so that quotes meet it exactly."""
    ordered = sorted(values)
    return ordered[math.ceil(part * (len(ordered) - 1))]


def subscriptions_for(series, seed, changed_at=0):
    """A variety of subscriptions on one series, made to fire now and then."""
    random = Random(f"{seed} {series[0].instrument}")
    values = [quote.value for quote in series]
    low, high = quantile(values, 0.05), quantile(values, 0.95)
    band = {"low": low, "high": high, "rearm": rearm_for(values, low, high)}
    tight = {"low": quantile(values, 0.2), "high": quantile(values, 0.8)}
    step_ms = usual_step_ms(series)
    hold_ms = random.choice((1, 2, 3, 5)) * step_ms
    cooldown_ms = random.choice((10, 20, 50)) * step_ms
    choices = {
        "ada": {"high": high, "notify_cleared": True, "label": "più alto del 95 %"},
        "grace": {"low": low},
        "édith": band | {"notify_cleared": True},
        "linus": band | {"hold_ms": hold_ms},
        "margaret": tight | {"cooldown_ms": cooldown_ms, "notify_cleared": True},
        "radia": tight
        | {"hold_ms": hold_ms, "cooldown_ms": cooldown_ms, "label": "hold, cooldown"},
    }
    return [
        subscription(series[0].instrument, user, changed_at, **choices[user]) for user in choices
    ]


def rearm_for(values, low, high):
    """2 % of the interquartile range, or none where nothing would be clear."""
    rearm = 0.02 * (quantile(values, 0.75) - quantile(values, 0.25))
    return rearm if low + rearm <= high - rearm else 0.0


def usual_step_ms(series):
    steps = [next.event_time - one.event_time for one, next in zip(series, series[1:])]
    return max(1, int(median(steps))) if steps else 1


def subscription(instrument, user_id, changed_at, **fields):
    return {
        "subscription_id": f"{user_id}/{instrument}",
        "user_id": user_id,
        "instrument": instrument,
        "low": None,
        "high": None,
        "rearm": 0.0,
        "hold_ms": 0,
        "cooldown_ms": 0,
        "notify_cleared": False,
        "label": None,
        "active": True,
        "version": 1,
        "changed_at": changed_at,
        "paused_until": None,
    } | fields


# What to expect.


class Expected(NamedTuple):
    alerts: list  # partition by partition, each in order
    refused: list  # events that become dead letters
    late: int


def events_of(subscriptions, quotes):
    """Events of one partition: the subscriptions, then the quotes, with their offsets."""
    at = max(quote.event_time for quote in quotes)
    events = [
        given("subscriptions", offset, at, record) for offset, record in enumerate(subscriptions)
    ]
    for offset, quote in enumerate(quotes):
        record = quote._asdict() | {"unit": None, "details": {}}
        events.append(given("quotes", offset, at, record))
    return events


def given(topic, offset, at, value):
    return {"given": topic, "key": value["instrument"], "at": at, "offset": offset, "value": value}


def expected_alerts(events):
    """What must come of events, as a reader finds them in the topics `quotes` and `subscriptions`.

    An event is a "given" line of a replay file and may name its "partition". Within a topic and
    partition the events are in order of offset; the two topics are merged by record timestamp.
    """
    topics = {}
    for event in events:
        partition = topics.setdefault(
            event.get("partition", 0), {"subscriptions": [], "quotes": []}
        )
        partition[event["given"]].append(event)

    expected = Expected([], [], 0)
    for _, inputs in sorted(topics.items()):
        oracle = AlertOracle()
        for event in heapq.merge(
            inputs["subscriptions"], inputs["quotes"], key=lambda one: one["at"]
        ):
            try:
                expected.alerts.extend(take(oracle, event))
            except Refused:
                expected.refused.append(event)
        expected = expected._replace(late=expected.late + sum(map(oracle.late, oracle.instruments)))
    return expected
