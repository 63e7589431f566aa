"""Stand-ins for the recorded files: same names, columns and oddities, invented values."""

from datetime import date, datetime, timedelta
from random import Random


def write_generated_files(folder):
    random = Random(20)
    for name, text in {
        "nab/ec2_request_latency_system_failure.csv": ec2(random),
        "nab/elb_request_count_8c0756.csv": metric(random, datetime(2014, 4, 10, 0, 4), 5, 60, 25),
        "nab/rds_cpu_utilization_e47b3b.csv": metric(random, datetime(2014, 4, 10, 0, 2), 5, 20, 4),
        "nab/machine_temperature_system_failure.csv": machine(random),
        "nab/nyc_taxi.csv": metric(random, datetime(2014, 7, 1), 30, 15000, 6000).rstrip("\n"),
        "nab/Twitter_volume_AAPL.csv": mentions(random),
        "nab/TravelTime_387.csv": road(random, datetime(2015, 7, 10, 14, 24), 10, 1470),
        "nab/speed_7578.csv": road(random, datetime(2015, 9, 8, 11, 39), 5, 420),
        "fx/ecb_eurofxref_hist.csv": fx(random),
        "commodities/wti_daily.csv": wti(random),
        "commodities/brent_daily.csv": prices(random, weekdays(date(2020, 1, 2), 300), 60),
        "commodities/henry_hub_daily.csv": henry_hub(random),
        "airports/sfo_landings_monthly.csv": sfo(random, "landings"),
        "airports/sfo_passengers_monthly.csv": sfo(random, "deplaned,enplaned,transit"),
        "airports/us_routes_2008.csv": routes(),
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


def table(header, rows, end="\n"):
    return "".join(",".join(map(str, row)) + end for row in [header, *rows])


def every(start, minutes, count):
    return [start + timedelta(minutes=minutes * index) for index in range(count)]


def noisy(random, times, mean, deviation):
    return [(time, round(abs(random.gauss(mean, deviation)), 3)) for time in times]


def metric(random, start, minutes, mean, deviation, count=600):
    times = every(start, minutes, count)
    return table(("timestamp", "value"), noisy(random, times, mean, deviation))


def ec2(random):
    """64 minutes of nothing, then twelve rows at one time."""
    before = every(datetime(2014, 3, 7, 3, 41), 5, 600)
    after = every(datetime(2014, 3, 9, 3, 1), 5, 300)
    times = [time for time in before if time <= datetime(2014, 3, 9, 1, 56)]
    times += [datetime(2014, 3, 9, 3)] * 12 + after
    return table(("timestamp", "value"), noisy(random, times, 45, 3))


def machine(random):
    """A clock that goes back 55 minutes."""
    before = every(datetime(2014, 1, 6, 2, 0), 5, 300)
    assert before[-1] == datetime(2014, 1, 7, 2, 55)
    times = before + every(datetime(2014, 1, 7, 2, 0), 5, 300)
    return table(("timestamp", "value"), noisy(random, times, 85, 12))


def mentions(random):
    rows = noisy(random, every(datetime(2015, 2, 26, 21, 42, 53), 5, 2000), 80, 20)
    rows = [(time, int(value)) for time, value in rows]
    for index in random.sample(range(2000), 29):
        rows[index] = (rows[index][0], 0)
    rows[1234] = (rows[1234][0], 13479)
    return table(("timestamp", "value"), rows)


def road(random, start, minutes, gap_minutes):
    """One long gap, and no newline at the end."""
    before = every(start, minutes, 200)
    after = every(before[-1] + timedelta(minutes=gap_minutes), minutes, 200)
    rows = [(time, int(value)) for time, value in noisy(random, before + after, 60, 15)]
    return table(("timestamp", "value"), rows).rstrip("\n")


def weekdays(start, count):
    days = [start + timedelta(days=index) for index in range(2 * count)]
    return [day for day in days if day.weekday() < 5][:count]


def fx(random):
    """Newest first, a comma at the end, currencies that begin, end and change by a factor."""
    lives = {
        "USD": (1.1, date.min, date.max),
        "JPY": (130, date.min, date.max),
        "BGN": (1.9558, date.min, date(2025, 12, 31)),
        "RUB": (117.201, date.min, date(2022, 3, 1)),
        "TRL": (1836200, date.min, date(2004, 12, 31)),
        "TRY": (1.815, date(2005, 1, 3), date.max),
    }
    starts = (date(2004, 12, 1), date(2022, 2, 1), date(2025, 12, 15))
    rows = []
    for day in (day for start in starts for day in weekdays(start, 40)):
        cells = [rate(random, day, *life) for life in lives.values()]
        rows.append((day, *cells, ""))
    return table(("Date", *lives, ""), reversed(rows))


def rate(random, day, level, first, last):
    if not first <= day <= last:
        return "N/A"
    return (
        level if day in (first, last) or level == 1.9558 else f"{level * random.gauss(1, 0.01):.6g}"
    )


def prices(random, days, level, special=()):
    special = dict(special)
    cells = [special.get(day, round(random.gauss(level, level / 10), 2)) for day in days]
    return table(("Date", "Price"), zip(days, cells), end="\r\n")


def wti(random):
    return prices(random, weekdays(date(2020, 1, 2), 300), 45, {date(2020, 4, 20): -36.98})


def henry_hub(random):
    """A hole of 15 days, and a day without a price."""
    days = weekdays(date(2005, 6, 1), 80)
    after = weekdays(days[-1] + timedelta(days=15), 80)
    later = weekdays(date(2017, 12, 1), 80)
    return prices(random, days + after + later, 3, {date(2018, 1, 5): ""})


def sfo(random, columns):
    """A comma in a name, an airline under two codes, one without a code, the collapse of 2020."""
    airlines = (
        ("United Airlines", "UA", 1000),
        ("United Airlines - Pre 07/01/2013", "UA", 200),
        ('"TACA International Airlines, S.A."', "TA", 50),
        ("Emirates", "EK", 100),
        ("Emirates", "5Y", 1),
        ("Boeing Company", "", 1),
    )
    rows = []
    for index in range(60):
        part = 0.03 if index == 39 else 1
        for name, code, level in airlines:
            counts = [int(level * part * random.uniform(0.9, 1.1)) for _ in columns.split(",")]
            rows.append((f"{2017 + index // 12}-{index % 12 + 1:02}", name, code, *counts))
    return table(("month", "airline", "iata", *columns.split(",")), rows)


def routes():
    """Origins that are used as unevenly as real ones."""
    rows = [(f"O{one:03}", f"O{one + 1:03}", 1_000_000 // (one + 14)) for one in range(300)]
    return table(("origin", "destination", "count"), rows)
