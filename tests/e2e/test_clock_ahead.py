"""Records stamped ahead of the broker's clock: who lets one in gets what comes of it."""
import json
import time

from support.kafka import Record

HOUR_MS = 3_600_000
WAIT_S = 30


def line_of(instrument, value, event_time, **more):
    return Record(None, json.dumps({"instrument": instrument, "value": value, "event_time": event_time}), **more)


def test_a_quote_from_the_future_goes_the_whole_line_and_the_next_ones_too(soglia, kafka, prefix, smtp):
    soglia.run("topics", "apply")
    kafka.set_config(prefix + "quotes.json", "message.timestamp.after.max.ms", str(3 * HOUR_MS))
    process = soglia.start("run", "all")
    soglia.wait_ready(process)
    now = int(time.time() * 1000)
    ahead = now + 2 * HOUR_MS
    kafka.produce(prefix + "users.json", [(None, '{"user_id":"ada","email":"ada@example.org"}')])
    kafka.produce(prefix + "subscriptions.json",
                  [(None, '{"user_id":"ada","instrument":"stock:A","high":100}')])
    kafka.read_until(prefix + "subscriptions", 1, WAIT_S)
    kafka.produce(prefix + "quotes.json", [line_of("stock:A", 101, now, timestamp=ahead)])
    kafka.produce(prefix + "quotes.json", [line_of("stock:A", 99, now + 1), line_of("stock:A", 102, now + 2)])

    assert [mail.recipients for mail in smtp.wait_for(2, WAIT_S)] == [["ada@example.org"]] * 2
    stamps = [record.timestamp for record in kafka.read(prefix + "alerts")]
    assert stamps[0] == ahead and max(stamps[1:]) < now + HOUR_MS
    kafka.read_until(prefix + "deliveries", 2, WAIT_S)
    assert process.end() == 0
