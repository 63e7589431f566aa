"""After kill -9, and after the loss of the disk, with a large state."""
import json
import shutil
import time
from datetime import datetime

from measure.contenders import SogliaAlerts, StreamsOneValue, StreamsRangeScan
from measure.latency import end_probe, start_probe
from measure.progress import Progress
from measure.report import Figure
from measure.site import LIMIT_S, SPACING
from measure.throughput import key

QUOTES_PER_S = 1000
PROBE_S, BEFORE_KILL_S = 8, 4
# Streams takes its time: the session, the rebalance, the restore.
STREAMS_GRACE_S = 120
KILL_BAR_S, RESTORE_BAR = 1, 1_000_000
WARM_QUOTES = 20_000
# More than a probe sends: each has numbers of its own.
NUMBERS = 1_000_000
INSTANT_S = 0.01


def take_all(contender):
    """Starts it and waits until it has taken all subscriptions and quotes that there are."""
    installation = contender.installation
    contender.start()
    for topic in ("subscriptions", "quotes"):
        with Progress(installation.kafka, contender.group, installation.prefix + topic) as progress:
            progress.wait(progress.end(), contender.process, LIMIT_S)


def kill_seconds(contender, out, probes, grace_s=PROBE_S):
    """kill -9 in the middle of a steady flow, a new start at once: until the first alert of a quote sent after the kill.

    `probes` is how many there were before on this installation.
    """
    probe = start_probe(contender.installation, contender.alerts, out, rate=QUOTES_PER_S, seconds=PROBE_S, one_in=1,
                        grace_s=grace_s, base=probes * NUMBERS, known=int(probes > 0))
    flowing = time.monotonic() + BEFORE_KILL_S
    while time.monotonic() < flowing:
        time.sleep(INSTANT_S)
    killed = time.monotonic_ns()
    contender.process.kill9()
    contender.start()
    times = end_probe(probe, out, PROBE_S + grace_s + 30)
    came = [received for _, due, received, _ in times if due > killed and received]
    if not came or not any(0 < received < killed for _, _, received, _ in times):
        raise AssertionError(f"no alerts on both sides of the kill\n{contender.process.tail()}")
    return (min(came) - killed) / 1e9


def replayed(installation):
    """Changelog records that the new process had to read, and how many a transaction of it has."""
    written = installation.metric('soglia_records_written_total{processor="alerts",topic="soglia-alerts-')
    commits = installation.metric('soglia_commits_total{processor="alerts"}')
    return installation.metric("soglia_restore_records_total"), written / max(commits, 1)


def restore(soglia, figure, tell):
    """A start without a disk: changelog records a second, from the start of the process to ready."""
    installation = soglia.installation
    soglia.process.kill9()
    shutil.rmtree(installation.soglia.state)
    begun = time.monotonic()
    soglia.start()
    installation.soglia.wait_ready(soglia.process, LIMIT_S)
    seconds = time.monotonic() - begun
    records = installation.metric("soglia_restore_records_total")
    own_s = restore_seconds(soglia.process)
    figure.add(records / seconds, start_not_included=records / own_s, records=records)
    tell(f"restore from an empty disk: {records:,.0f} records in {seconds:.2f} s, {own_s:.2f} s of it restoring")


def restore_seconds(process):
    """From the begin of the first task's restore to the end of the last, as the process tells it."""
    ends, begins = [], []
    for line in process.stderr_path.read_text(encoding="utf-8").splitlines():
        if "state restored" in line:
            told = json.loads(line)
            ends.append(datetime.fromisoformat(told["time"]).timestamp())
            begins.append(ends[-1] - told["ms"] / 1000)
    return max(ends) - min(begins)


def measure_peers(installation, figure, probes, tell):
    """The Streams peer, killed in the same way; once, as it takes long."""
    for number, kind in enumerate((StreamsOneValue, StreamsRangeScan), probes):
        peer = kind(installation)
        peer.prepare()
        take_all(peer)
        seconds = kill_seconds(peer, installation.folder / f"times-{peer.variant}", number, STREAMS_GRACE_S)
        figure.contenders[key(peer.name)] = [seconds]
        tell(f"kill -9 to next alert, {peer.name}: {seconds:.2f} s")
        peer.process.kill9()


def measure_recovery(site, tell):
    sizes = site.sizes
    each = sizes.subscriptions // 1000
    killed = Figure("kill_to_next_alert_s", f"kill -9 to next committed alert, {2 * sizes.subscriptions:,} thresholds", "s",
                    KILL_BAR_S, most=True)
    behind = Figure("kill_replayed_transactions", "  transactions replayed after it, at most", "", 1, most=True)
    empty = Figure("restore_entries_per_s", "restore from an empty disk, start included", "entries/s", RESTORE_BAR)
    installation = site.installation("recovery")
    installation.load_subscriptions(each)
    installation.load_quotes(WARM_QUOTES, sizes.seed, each=each, step_max=SPACING // 50, spacing=SPACING)
    soglia = SogliaAlerts(installation)
    take_all(soglia)
    tell(f"soglia has {sizes.subscriptions:,} subscriptions in its state")
    for run in range(sizes.runs):
        killed.add(kill_seconds(soglia, installation.folder / "times", run))
        records, a_transaction = replayed(installation)
        behind.add(records / max(a_transaction, 1), records=records)
        tell(f"kill -9 to next alert, run {run + 1}: {killed.values[-1]:.3f} s, {records:.0f} changelog records replayed, "
             f"{a_transaction:.0f} a transaction")
    for _ in range(sizes.runs):
        restore(soglia, empty, tell)
    soglia.process.end()
    measure_peers(installation, killed, sizes.runs, tell)
    installation.end()
    return [killed, behind, empty]
