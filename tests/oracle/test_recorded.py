"""One test for each oddity of the recorded series, and that the oracle has alerts for each.

They run on the generated stand-ins always, and on the recorded files where these are.
"""

import csv
import warnings
from datetime import datetime, timezone
from itertools import pairwise
from statistics import mean

import pytest

import recorded

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

# Quotes a file, by its publisher's rows.
RECORDED_QUOTES = {
    "nab/ec2_request_latency_system_failure.csv": 4032,
    "nab/elb_request_count_8c0756.csv": 4032,
    "nab/rds_cpu_utilization_e47b3b.csv": 4032,
    "nab/machine_temperature_system_failure.csv": 22695,
    "nab/nyc_taxi.csv": 10320,
    "nab/Twitter_volume_AAPL.csv": 15902,
    "nab/TravelTime_387.csv": 2500,
    "nab/speed_7578.csv": 1127,
    "fx/ecb_eurofxref_hist.csv": 217555,
    "commodities/wti_daily.csv": 10226,
    "commodities/brent_daily.csv": 9958,
    "commodities/henry_hub_daily.csv": 7436,
    "airports/sfo_landings_monthly.csv": 210,
    "airports/sfo_passengers_monthly.csv": 210,
}

if not recorded.available():
    warnings.warn(
        f"no recorded series in {recorded.recorded_folder()}: generated ones stand in", stacklevel=1
    )


@pytest.fixture(params=["generated", "recorded"] if recorded.available() else ["generated"])
def root(request):
    return (
        recorded.recorded_folder() if request.param == "recorded" else recorded.generated_folder()
    )


def at(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000)


def gaps(quotes):
    return [next.event_time - one.event_time for one, next in pairwise(quotes)]


def rows(root, file):
    with open(root / file, encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_clock_change_gives_twelve_rows_of_one_time_all_kept(root):
    quotes = recorded.read("nab/ec2_request_latency_system_failure.csv", root)
    same = [quote for quote in quotes if quote.event_time == at("2014-03-09T03:00:00")]
    assert len(same) == 12
    assert len({quote.value for quote in same}) > 1
    assert 64 * MINUTE_MS in gaps(quotes)
    subscriptions = recorded.subscriptions_for(quotes, 1)
    assert recorded.expected_alerts(recorded.events_of(subscriptions, quotes)).late == 0


def test_a_clock_that_goes_back_gives_late_quotes(root):
    quotes = recorded.read("nab/machine_temperature_system_failure.csv", root)
    assert [gap for gap in gaps(quotes) if gap < 0] == [-55 * MINUTE_MS]
    assert len(quotes) - len({quote.event_time for quote in quotes}) == 12
    subscriptions = recorded.subscriptions_for(quotes, 1)
    # Of the twelve the last has the time of the last quote before them: equal is not late.
    expected = recorded.expected_alerts(recorded.events_of(subscriptions, quotes))
    assert expected.late == 11
    late = range(at("2014-01-07T02:00:00"), at("2014-01-07T02:55:00"), 5 * MINUTE_MS)
    causes = {alert["cause"]["offset"] for alert in expected.alerts}
    back = next(index for index, gap in enumerate(gaps(quotes)) if gap < 0) + 1
    assert [quotes[index].event_time for index in range(back, back + 11)] == list(late)
    assert causes.isdisjoint(range(back, back + 11))


@pytest.mark.parametrize(
    "file, gap_ms",
    [("nab/TravelTime_387.csv", 24.5 * HOUR_MS), ("nab/speed_7578.csv", 7 * HOUR_MS)],
)
def test_gaps(root, file, gap_ms):
    assert max(gaps(recorded.read(file, root))) == pytest.approx(gap_ms, abs=15 * MINUTE_MS)


@pytest.mark.parametrize("file", ["nyc_taxi", "TravelTime_387", "speed_7578"])
def test_the_last_line_counts_without_its_newline(root, file):
    text = (root / f"nab/{file}.csv").read_text()
    assert not text.endswith("\n")
    quotes = recorded.read(f"nab/{file}.csv", root)
    assert len(quotes) == text.count("\n")
    assert quotes[-1].value == float(text.rsplit(",", 1)[1])


def test_zeros_and_one_burst(root):
    values = [quote.value for quote in recorded.read("nab/Twitter_volume_AAPL.csv", root)]
    assert values.count(0.0) == 29
    assert max(values) == 13479.0
    assert mean(values) == pytest.approx(86, abs=3)


def test_fx_is_sent_oldest_first_at_three_in_the_afternoon(root):
    quotes = recorded.read("fx/ecb_eurofxref_hist.csv", root)
    assert min(gaps(quotes)) == 0
    assert {quote.event_time % DAY_MS for quote in quotes} == {15 * HOUR_MS}
    assert rows(root, "fx/ecb_eurofxref_hist.csv")[0]["Date"] > "2025-12-31"


def test_fx_has_no_instrument_for_the_comma_at_the_end_nor_a_value_for_missing_ones(root):
    text = (root / "fx/ecb_eurofxref_hist.csv").read_text()
    header, first = text.split("\n")[:2]
    assert header.endswith(",") and first.endswith(",") and "N/A" in first
    series = recorded.by_instrument(recorded.read("fx/ecb_eurofxref_hist.csv", root))
    assert series.keys() == {f"fx:EUR/{name}" for name in header.split(",")[1:-1]}
    cells = sum(
        cell not in ("N/A", "") for line in text.splitlines()[1:] for cell in line.split(",")[1:]
    )
    assert sum(map(len, series.values())) == cells


def test_fx_currencies_fall_silent_and_change_by_a_factor(root):
    series = recorded.by_instrument(recorded.read("fx/ecb_eurofxref_hist.csv", root))
    rub, lira, new_lira = (series[f"fx:EUR/{name}"] for name in ("RUB", "TRL", "TRY"))
    assert (rub[-1].event_time, rub[-1].value) == (at("2022-03-01T15:00:00"), 117.201)
    assert lira[-1].value == 1836200.0
    assert (new_lira[0].event_time, new_lira[0].value) == (at("2005-01-03T15:00:00"), 1.815)
    assert lira[-1].event_time < new_lira[0].event_time
    assert series["fx:EUR/BGN"][-1].event_time == at("2025-12-31T15:00:00")


@pytest.mark.parametrize("file", ["wti_daily", "brent_daily", "henry_hub_daily"])
def test_a_carriage_return_is_no_part_of_the_number(root, file):
    text = (root / f"commodities/{file}.csv").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n")
    assert len(recorded.read(f"commodities/{file}.csv", root)) >= text.count(b"\n") - 2


def test_a_negative_price(root):
    quotes = recorded.read("commodities/wti_daily.csv", root)
    assert min(quotes, key=lambda quote: quote.value)[1:3] == (-36.98, at("2020-04-20"))
    low = recorded.subscription("stock:WTI", "ada", 0, low=0.0)
    alerts = recorded.expected_alerts(recorded.events_of([low], quotes)).alerts
    edges = [(alert["edge"], alert["event_time"]) for alert in alerts]
    assert edges == [("ENTERED", at("2020-04-20")), ("CLEARED", at("2020-04-21"))]


def test_an_empty_price_is_left_out_and_a_hole_stays_a_hole(root):
    quotes = recorded.read("commodities/henry_hub_daily.csv", root)
    empty = [row for row in rows(root, "commodities/henry_hub_daily.csv") if row["Price"] == ""]
    assert [row["Date"] for row in empty] == ["2018-01-05"]
    assert at("2018-01-05") not in {quote.event_time for quote in quotes}
    hole = max(gaps([quote for quote in quotes if quote.event_time < at("2006-01-01")]))
    assert hole == 15 * DAY_MS


@pytest.mark.parametrize("file", ["sfo_landings_monthly", "sfo_passengers_monthly"])
def test_airlines_with_commas_two_codes_and_none_are_summed_by_month(root, file):
    lines = rows(root, f"airports/{file}.csv")
    assert any("," in line["airline"] for line in lines)
    assert any(line["iata"] == "" for line in lines)
    codes = {}
    for line in lines:
        codes.setdefault(line["airline"], set()).add(line["iata"])
    assert any(len(used) > 1 for used in codes.values())

    months = [line["month"] for line in lines]
    assert months == sorted(months), "neighbours are all there is to sum"
    quotes = recorded.read(f"airports/{file}.csv", root)
    assert len(quotes) == len(set(months))
    columns = ("landings",) if "landings" in file else ("deplaned", "enplaned")
    total = sum(int(line[column]) for line in lines for column in columns)
    assert sum(quote.value for quote in quotes) == total


def test_a_month_is_its_last_day(root):
    quotes = recorded.read("airports/sfo_passengers_monthly.csv", root)
    times = {quote.event_time for quote in quotes}
    assert at("2020-02-29") in times and at("2021-02-28") in times and at("2020-12-31") in times
    assert {time % DAY_MS for time in times} == {0}


def test_the_collapse_of_a_seasonal_series(root):
    quotes = recorded.read("airports/sfo_passengers_monthly.csv", root)
    by_time = {quote.event_time: quote.value for quote in quotes}
    assert by_time[at("2020-04-30")] < 0.04 * by_time[at("2020-01-31")]


def test_keys_are_used_unevenly(root):
    counts = [count for _, count in recorded.key_weights(root).most_common()]
    assert counts[0] > 5 * mean(counts)
    if root == recorded.recorded_folder():
        parts = [round(100 * sum(counts[:top]) / sum(counts), 1) for top in (1, 10, 100)]
        assert (len(counts), sum(counts), parts) == (303, 7_009_728, [5.9, 33.7, 91.7])


def test_every_row_is_read(root):
    counts = {file: len(quotes) for file, quotes in recorded.read_all(root).items()}
    if root == recorded.recorded_folder():
        assert counts == RECORDED_QUOTES
    assert counts.keys() == RECORDED_QUOTES.keys()
    assert min(counts.values()) >= 60


def test_every_file_raises_alerts_of_both_edges_and_nothing_is_refused(root):
    for file, quotes in recorded.read_all(root).items():
        series = recorded.by_instrument(quotes).values()
        subscriptions = [one for quotes in series for one in recorded.subscriptions_for(quotes, 7)]
        expected = recorded.expected_alerts(recorded.events_of(subscriptions, quotes))
        assert expected.refused == [], file
        assert {alert["edge"] for alert in expected.alerts} == {"ENTERED", "CLEARED"}, file


def test_a_series_that_never_moves_gets_subscriptions_that_are_taken():
    flat = [recorded.Quote("fx:EUR/BGN", 1.9558, time, "ecb") for time in range(10)]
    subscriptions = recorded.subscriptions_for(flat, 1)
    expected = recorded.expected_alerts(recorded.events_of(subscriptions, flat))
    assert (expected.alerts, expected.refused) == ([], [])


def test_topics_are_merged_by_record_time_with_subscriptions_first():
    low = recorded.subscription("stock:X", "ada", 0, low=5.0)
    quote = {"instrument": "stock:X", "value": 1.0, "event_time": 0}
    late_change = dict(low, low=0.5, version=2)
    events = [
        recorded.given("quotes", 0, 10, quote) | {"partition": 3},
        recorded.given("subscriptions", 0, 10, low) | {"partition": 3},
        recorded.given("subscriptions", 1, 11, late_change) | {"partition": 3},
    ]
    causes = [alert["cause"] for alert in recorded.expected_alerts(events).alerts]
    assert causes == [
        {"topic": "quotes", "partition": 3, "offset": 0},
        {"topic": "subscriptions", "partition": 3, "offset": 1},
    ]


def test_command_line():
    arguments = recorded.command_line("airports/sfo_passengers_monthly.csv")
    assert arguments[:2] == ["fetch", "csv"]
    assert {"--sum", "--month-end", "--value-column=deplaned+enplaned"} < set(arguments)


def test_without_the_folder_generated_files_stand_in(monkeypatch, tmp_path):
    monkeypatch.setenv("SOGLIA_DATA", str(tmp_path))
    assert not recorded.available()
    assert recorded.folder() == recorded.generated_folder()
    assert recorded.read("commodities/wti_daily.csv")[0].instrument == "stock:WTI"
