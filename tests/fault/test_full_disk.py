"""No room for what serve and deliver write: one line that says what to do, and nothing wrong, lost or doubled by it."""
import os
from pathlib import Path

import pytest

from support.line import Line, assert_views, message_id, quote
from support.wait import until

WAIT_S = 60
STOP_S = 5
# A limit on the size of files cuts a write short as a full disk does. Without the trap it would be a signal.
LIMITED = ["sh", "-c", 'trap "" XFSZ; ulimit -f "$0"; exec "$@"']
BLOCKS = 2048  # Of 512 bytes.


@pytest.fixture
def line(soglia, kafka, avro, prefix):
    return Line(soglia, kafka, avro, prefix).apply()


def reasons(process):
    """The lines of a process that are for people."""
    return [text for text in process.stderr_path.read_text().splitlines() if text.startswith("soglia: ")]


def assert_says_what_to_do(process):
    assert process.wait(WAIT_S) == 1
    said, = reasons(process)
    assert "the file cannot be written" in said and "make room and start again" in said


def notifications(line, count):
    values = [{"notification_id": f"n{at}", "user_id": f"user-{at % 20}", "channel": "EMAIL",
               "address": f"user-{at % 20}@example.org", "subject": f"stock:{at}", "body_text": "x" * 2000,
               "body_html": None, "alert_ids": [f"a{at}"], "created_at": 1_795_190_400_000} for at in range(count)]
    line.give("notifications", values)


def wait_sent(line, count):
    def sent():
        return sorted(one.value["notification_id"] for one in line.read("deliveries") if one.value["outcome"] == "SENT")
    until(lambda: len(sent()) >= count, WAIT_S, f"{count} mails to be sent")
    assert sent() == sorted(f"n{at}" for at in range(count))


def test_no_room_for_views_ends_serve_and_leaves_them_right(line, soglia, processes):
    line.give("quotes", [quote(f"stock:{at % 100}", at, at) for at in range(2000)])
    process = soglia.start("serve")
    soglia.wait_ready(process)
    assert_views(line)
    assert process.end(STOP_S) == 0

    line.give("quotes", [quote(f"stock:{at % 3000}", at, at) for at in range(2000, 60_000)])
    assert_says_what_to_do(processes.start("limited", [*LIMITED, str(BLOCKS), soglia.program, "serve"], soglia.env))

    process = soglia.start("serve")
    soglia.wait_ready(process)
    assert_views(line)
    assert process.end(STOP_S) == 0


def test_no_room_for_the_outbox_loses_no_mail_and_doubles_none(line, soglia, processes, smtp):
    count = 1500
    notifications(line, count)
    command = [*LIMITED, str(BLOCKS), soglia.program, "deliver"]
    for _ in range(3):  # As a supervisor does.
        assert_says_what_to_do(processes.start("limited", command, soglia.env))
    process = soglia.start("deliver")
    wait_sent(line, count)
    assert process.end(STOP_S) == 0
    assert sorted(map(message_id, smtp.mails)) == sorted(f"n{at}" for at in range(count))


def test_outcomes_that_cannot_be_written_double_nothing_by_themselves(line, soglia, smtp):
    """Killed in the middle, only the mails of which nothing was committed yet come again, to the byte."""
    count = 600
    log = Path(soglia.state) / "deliver/sender-0/outcomes.log"
    log.parent.mkdir(parents=True)
    os.symlink("/dev/full", log)
    process = soglia.start("deliver")
    notifications(line, count)
    smtp.wait_for(count // 3, WAIT_S)
    process.kill9()
    told = {one.value["notification_id"] for one in line.read("deliveries")}
    assert "the log of outcomes cannot be written" in process.stderr_path.read_text()
    process = soglia.start("deliver")
    wait_sent(line, count)
    assert process.end(STOP_S) == 0
    mails = {}
    for mail in smtp.mails:
        mails.setdefault(message_id(mail), []).append(mail.raw)
    assert mails.keys() == {f"n{at}" for at in range(count)}
    assert all(len(mails[name]) == 1 for name in told)
    assert all(raw == same[0] for same in mails.values() for raw in same)
    assert max(map(len, mails.values())) <= 2
