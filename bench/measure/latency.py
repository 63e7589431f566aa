"""From a quote to its alert, and on to its mail, at a fixed pace."""
import socket
import statistics

from measure.contenders import SogliaAlerts
from measure.progress import Stolen
from measure.report import Figure
from measure.site import PROGRAMS
from support.line import user
from support.ports import free_port
from support.wait import until

WARM_S = 10  # The broker's compiler has done most of its work then.
ALERTS_PER_S = 1_000
ALERT_BARS, MAIL_BARS = (25, 60), (80, 250)
USERS = 10
BLAST_MAILS = 20_000
MAILS_WAIT_S = 60


def probe_words(installation, alerts, out, **more):
    words = {"brokers": installation.kafka.brokers, "quotes": f"{installation.prefix}quotes",
             "subscriptions": f"{installation.prefix}subscriptions", "alerts": alerts, "out": out,
             "quote_schema": installation.avro.schema_id("quotes"),
             "subscription_schema": installation.avro.schema_id("subscriptions"), **more}
    return [PROGRAMS / "probe", *(f"{name}={value}" for name, value in words.items())]


def start_probe(installation, alerts, out, **more):
    """Starts the program that sends quotes and awaits their alerts."""
    return installation.processes.start("probe", probe_words(installation, alerts, out, **more))


def end_probe(probe, out, limit_s):
    """Waits for its end; returns (number, due, received, acknowledged) of each alert, times in monotonic ns."""
    if probe.wait(limit_s) != 0:
        raise AssertionError(probe.tail())
    return [tuple(map(int, line.split())) for line in out.read_text(encoding="ascii").splitlines()]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def latencies_ms(times, rate, what):
    """Those behind the warm-up; all must have come."""
    rows = [one for one in times if one[0] >= WARM_S * rate]
    missing = sum(1 for one in rows if one[2] == 0)
    if missing or not rows:
        raise AssertionError(f"{missing} of {len(rows)} {what} never came")
    return [(received - due) / 1e6 for _, due, received, *_ in rows]


def acknowledged_ms(times, rate):
    """How long the broker alone took to acknowledge those quotes: what nobody behind it can be faster than."""
    return [(acknowledged - due) / 1e6 for number, due, _, acknowledged in times if number >= WARM_S * rate]


def alert_times(site, run):
    """What the probe noted in a run with a new process on topics of its own."""
    installation = site.installation(f"latency{run}")
    soglia = SogliaAlerts(installation)
    soglia.start()
    installation.soglia.wait_ready(soglia.process)
    out = installation.folder / "times"
    seconds = WARM_S + site.sizes.seconds
    times = end_probe(start_probe(installation, soglia.alerts, out, rate=site.sizes.rate, seconds=seconds), out, seconds + 60)
    installation.end()
    return times


def measure_alerts(site, tell):
    rate = site.sizes.rate
    p50 = Figure("alert_latency_p50", f"quote to alert read, {rate:,} quotes/s, p50", "ms", ALERT_BARS[0], most=True)
    p99 = Figure("alert_latency_p99", f"quote to alert read, {rate:,} quotes/s, p99", "ms", ALERT_BARS[1], most=True)
    alert_times(site, 0)  # The broker's compiler works then.
    for run in range(site.sizes.runs):
        with Stolen() as stolen:
            times = alert_times(site, run + 1)
        found = latencies_ms(times, rate, "alerts")
        broker = acknowledged_ms(times, rate)
        p50.add(percentile(found, 0.5), quote_acknowledged=percentile(broker, 0.5))
        p99.add(percentile(found, 0.99), quote_acknowledged=percentile(broker, 0.99), stolen_percent=stolen.percent)
        tell(f"quote to alert, run {run + 1}: p50 {p50.values[-1]:.1f} ms, p99 {p99.values[-1]:.1f} ms, max {max(found):.1f} ms")
    return [p50, p99]


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def start_sink(installation):
    port = free_port()
    sink = installation.processes.start("smtp_sink", [PROGRAMS / "smtp_sink", f"port={port}"])
    until(lambda: listens(port), 10, "the mail server")
    return sink, port


def mail_times(times, sink):
    """The rows of the probe with the time of the mail in place of the alert's."""
    mails = {}
    for line in sink.stdout_path.read_text(encoding="ascii").splitlines():
        number, taken = map(int, line.split())
        mails.setdefault(number, taken)
    return [(number, due, mails.get(number, 0)) for number, due, *_ in times]


def late_mails(times, sink):
    missing = [number for number, _, taken in mail_times(times, sink) if not taken]
    return f"all mails; {len(missing)} have not come, among them those of {missing[:5]}"


def give_users(installation):
    users = [user(f"probe-{number}", email=f"probe@domain{number}.example.org") for number in range(USERS)]
    installation.kafka.produce(f"{installation.prefix}users",
                               [(one["user_id"], installation.avro.encode("users", one)) for one in users])


def measure_mails(site, tell):
    p50 = Figure("mail_latency_p50", f"quote to mail accepted, {ALERTS_PER_S:,} alerts/s, p50", "ms", MAIL_BARS[0], most=True)
    p99 = Figure("mail_latency_p99", f"quote to mail accepted, {ALERTS_PER_S:,} alerts/s, p99", "ms", MAIL_BARS[1], most=True)
    for run in range(site.sizes.runs):
        installation = site.installation(f"mail{run}")
        sink, port = start_sink(installation)
        limit = float(installation.processes.run("smtp_blast", [PROGRAMS / "smtp_sink", f"port={port}",
                                                                f"blast={BLAST_MAILS}"], timeout_s=60).text)
        sink.end()
        sink, port = start_sink(installation)
        installation.soglia.settings["smtp.url"] = f"smtp://127.0.0.1:{port}"
        give_users(installation)
        process = installation.soglia.start("run", "alerts", "notifications", "deliver")
        installation.soglia.wait_ready(process)
        out = installation.folder / "times"
        seconds = WARM_S + site.sizes.seconds
        probe = start_probe(installation, f"{installation.prefix}alerts", out, rate=ALERTS_PER_S, seconds=seconds, one_in=1)
        with Stolen() as stolen:
            times = end_probe(probe, out, seconds + 60)
            until(lambda: all(one[2] for one in mail_times(times, sink)), MAILS_WAIT_S, lambda: late_mails(times, sink))
        sink.end()
        found = latencies_ms(mail_times(times, sink), ALERTS_PER_S, "mails")
        alerts = latencies_ms(times, ALERTS_PER_S, "alerts")
        p50.add(percentile(found, 0.5), sink_alone_mails_per_s=limit, to_the_alert_alone=statistics.median(alerts))
        p99.add(percentile(found, 0.99), stolen_percent=stolen.percent)
        tell(f"quote to mail, run {run + 1}: p50 {p50.values[-1]:.1f} ms, p99 {p99.values[-1]:.1f} ms; one connection to the "
             f"mail server alone takes {limit:,.0f} mails/s")
        installation.end()
    return [p50, p99]
