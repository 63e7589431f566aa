"""The steps that can be cut in two, and the crash points that cut them.

A row names a step, the file and the call that does it, and the crash points before and after it. `test_every_step_has_its_points`
holds the rows against the sources: a point that no row names, or a row whose call or point is gone, fails.
"""
from dataclasses import dataclass

from support.kafka import REPO

RUNTIME = ("ingest", "accounts", "alerts", "notifications", "deliver")
STATEFUL = ("accounts", "alerts", "notifications", "deliver")
PASSAGES = 5


@dataclass(frozen=True)
class Step:
    """`way` says what makes a process come by: see the Way of test_crash_points.py."""

    name: str
    file: str
    call: str
    points: tuple
    roles: tuple
    way: str = "flow"
    passages: int = PASSAGES


STEPS = (
    # Start.
    Step("end what was left open", "core/kafka/settle.c", "kafka_producer_abort(", ("settling", "settled"), RUNTIME, passages=1),
    # Commit.
    Step("begin a transaction", "streams/worker.c", "kafka_producer_begin(", ("begun",), RUNTIME),
    Step("state and changelog into the transactions", "streams/worker.c", "task_flush(", ("flushed",), RUNTIME),
    Step("the journal's record", "streams/tasks/task.c", "task_journal_write(", ("state_flushed", "flushed"), RUNTIME),
    Step("positions into the transaction", "streams/worker.c", "kafka_producer_send_offsets(",
         ("flushed", "before_kafka_commit"), RUNTIME),
    Step("commit Kafka", "streams/worker.c", "kafka_producer_commit(", ("before_kafka_commit", "after_kafka_commit"), RUNTIME),
    Step("commit the state", "streams/worker.c", "task_commit(", ("after_kafka_commit", "task_saved"), RUNTIME),
    Step("settle side effects", "streams/worker.c", "effector->committed(", ("task_saved", "committed"), RUNTIME),
    # Abort.
    Step("abort Kafka", "streams/worker.c", "worker_drop(worker)", ("before_abort", "aborted"), RUNTIME, "refused"),
    Step("drop the changes", "streams/worker.c", "task_abort(", ("aborted", "after_abort"), RUNTIME, "refused"),
    Step("read again", "streams/worker.c", "kafka_consumer_assign(", ("after_abort", "input_rewound"), RUNTIME, "refused"),
    # Restore.
    Step("restore", "streams/tasks/task.c", "recovery_run(", ("before_recovery",), STATEFUL, "wiped"),
    Step("save a piece", "streams/tasks/recovery.c", "stores_commit(recovery->task->stores",
         ("recovery_piece", "recovery_piece_saved"), STATEFUL, "wiped"),
    Step("derive indexes", "state/stores.c", "store_end_restore(", ("restore_saved", "recovery_end"), STATEFUL, "wiped"),
    Step("save the end", "streams/tasks/recovery.c", "stores_commit(task->stores", ("recovery_end",), STATEFUL, "wiped"),
    Step("hash what no hash is kept of", "streams/tasks/task.c", "stores_hash_all(", ("recovery_end", "state_hashed"), STATEFUL, "wiped"),
    Step("save the positions", "streams/tasks/task.c", "stores_commit(task->stores", ("state_hashed", "recovered"), STATEFUL, "wiped"),
    # Rebalance.
    Step("open tasks", "streams/assignment.c", "open_tasks_patiently(worker,", ("assigned", "tasks_opened"), RUNTIME, "rebalanced"),
    Step("commit what is given up", "streams/assignment.c", "worker_commit(worker)", ("revoked", "revoke_committed"),
         RUNTIME, "rebalanced"),
    Step("close tasks", "streams/assignment.c", "worker_close_tasks(worker)", ("revoke_committed", "tasks_closed"),
         RUNTIME, "rebalanced"),
    Step("stop", "streams/runtime.c", "end_in_order(worker)", ("stopping",), RUNTIME, "stopped", passages=1),
    # Outbox.
    Step("find what is due", "streams/tasks/outbox.c", "store_scan(", ("outbox_opened",), ("deliver",)),
    Step("hand an entry over", "streams/tasks/outbox.c", "effector->offer(", ("before_offer", "offered"), ("deliver",)),
    Step("send a mail", "connectors/mail/mail_sender.c", "smtp_transfer_send(", ("before_mail", "after_mail_reply"), ("deliver",)),
    Step("note what came of it", "connectors/mail/mail_sender.c", "log_outcome(sender", ("after_mail_reply", "after_outcome_logged"),
         ("deliver",)),
    Step("send a webhook", "connectors/webhook/webhook_sender.c", "curl_multi_add_handle(",
         ("before_webhook", "after_webhook_reply"), ("deliver",)),
    Step("note what came of a webhook", "connectors/webhook/webhook_sender.c", "log_outcome(sender",
         ("after_webhook_reply", "after_webhook_logged"), ("deliver",)),
    Step("take what came of it", "streams/runtime.c", "take_outcome(", ("outcome_taken",), ("deliver",)),
    # Views.
    Step("write rows", "query/views/view_writer.c", "write_batch(writer)", ("before_view_flush", "view_flushed"), ("serve",)),
    Step("commit rows and positions", "query/views/view_writer.c", "view_store_commit(", ("view_flushed", "view_committed"),
         ("serve",)),
    # A source.
    Step("begin a source's transaction", "connectors/source.c", "kafka_producer_begin(", ("fetch_begun",), ("fetch",), "fetched"),
    Step("commit a source", "connectors/source.c", "kafka_producer_commit(", ("before_fetch_commit", "after_fetch_commit"), ("fetch",),
         "fetched"),
)


def points_in_sources():
    """The names of all crash points, by file."""
    found = {}
    for folder in ("core", "schemas", "state", "streams", "connectors", "query", "app"):
        for path in sorted((REPO / folder).rglob("*.c")):
            for part in path.read_text().split('crash_point("')[1:]:
                found.setdefault(part.split('"')[0], []).append(str(path.relative_to(REPO)))
    return found


def faults_in_the_table():
    """What of the table the sources do not have, and the other way round."""
    found, texts = points_in_sources(), {step.file: (REPO / step.file).read_text() for step in STEPS}
    for step in STEPS:
        if step.call not in texts[step.file]:
            yield f"{step.name}: {step.file} has no {step.call}"
        yield from (f"{step.name}: no crash point {point}" for point in step.points if point not in found)
    named = {point for step in STEPS for point in step.points}
    yield from (f"{name} in {', '.join(files)} is in no row" for name, files in found.items() if name not in named)
    yield from (f"{name} is in {', '.join(files)}" for name, files in found.items() if len(files) > 1)
