"""The order in which a running system takes records whose times jump."""
import time

from support.line import Line, assert_alerts, quote, subscription

WAIT_S = 40
ROUNDS = 12
HOUR_MS = 3_600_000
JUMPS_MS = (0, -HOUR_MS, 59 * 60_000, -5_000, 30 * 60_000, -HOUR_MS + 1)


def test_clocks_that_jump_do_not_change_what_quotes_mean(soglia, kafka, avro, prefix):
    """Within a partition the order is that of offsets, whatever the producers' clocks say."""
    line = Line(soglia, kafka, avro, prefix).apply()
    soglia.start("run", "alerts")
    names = [f"stock:{at}" for at in range(20)]
    line.give("subscriptions", [subscription("ada", name, high=2, low=0.5) for name in names])
    line.wait_taken("alerts", "subscriptions", WAIT_S)
    start = int(time.time() * 1000)
    for at in range(ROUNDS):
        jump = JUMPS_MS[at % len(JUMPS_MS)]
        line.give("quotes", [quote(name, (1, 3, 0)[(at + place) % 3], start + at) for place, name in enumerate(names)],
                  timestamp=int(time.time() * 1000) + jump)
    line.wait_taken("alerts", "quotes", WAIT_S)
    expected = line.expected_alerts()
    assert len(expected) > ROUNDS * len(names) / 2
    assert_alerts(line.read("alerts"), expected)
