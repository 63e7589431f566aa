"""Changes of thresholds over HTTP: what an answer takes at a fixed rate, and how many a second are taken at most."""
from measure.latency import WARM_S, percentile
from measure.progress import Stolen, compiler_seconds, cpu_seconds, memory_mib
from measure.report import Figure
from measure.site import LIMIT_S, PROGRAMS

RATE, RATE_BAR, P99_BAR_MS = 2_000, 2_000, 150
PEOPLE, INSTRUMENTS = 100, 20
CONNECTIONS = 256
NO_PACE = 1_000_000  # A rate that is never reached: each connection asks again at once.
OK = 200
# The broker has compiled its way through a change when that takes less than this share of a processor.
COMPILED_SHARE, WARM_ROUNDS_MAX = 0.1, 18


def targets(installation):
    """A file of tokens and paths of subscriptions, one of each person."""
    soglia, path = installation.soglia, installation.folder / "targets"
    lines = []
    for number in range(PEOPLE):
        account = {"email": f"person{number}@example.org", "password": "correct horse battery"}
        answer = soglia.ask("POST", "/v1/users", json=account)
        if answer.status_code != 201:
            raise AssertionError(f"person {number} was not registered: {answer.status_code} {answer.text}")
        token = soglia.ask("POST", "/v1/sessions", json=account).json()["token"]
        wish = {"instrument": f"stock:C{number % INSTRUMENTS}", "high": 1_000_000}
        lines.append(f"{token} {soglia.ask('POST', '/v1/subscriptions', token, json=wish).headers['Location']}\n")
    path.write_text("".join(lines), encoding="ascii")
    return path


def change(installation, path, count, rate=NO_PACE):
    """(due in us, latency in us, status) of each change."""
    argv = [PROGRAMS / "changes", f"port={installation.soglia.listen.rsplit(':', 1)[1]}", f"rate={rate}", f"count={count}",
            f"connections={CONNECTIONS}", f"targets={path}"]
    said = installation.processes.run("changes", argv, timeout_s=LIMIT_S)
    times = [tuple(map(int, line.split())) for line in said.text.splitlines()]
    refused = [status for _, _, status in times if status != OK]
    if said.code != 0 or refused or len(times) != count:
        raise AssertionError(f"{len(refused)} of {len(times)} changes failed: {refused[:5]} {said.stderr.decode()}")
    return times


def begin(site, name):
    """Everything in one process, and the targets of its changes."""
    installation = site.installation(name)
    installation.soglia.settings |= {"auth.password_memory": "8KiB", "auth.password_passes": "1",
                                     "auth.address_attempts": 10 * PEOPLE,
                                     "http.connections": 2 * CONNECTIONS, "http.per_address": 2 * CONNECTIONS}
    del installation.soglia.settings["metrics.listen"]  # The same server answers.
    process = installation.soglia.start("run", "all")
    installation.soglia.wait_ready(process)
    return installation, process, targets(installation)


def warm(site, tell):
    """A run 0 that does not count: until the broker's compiler has little left to do."""
    installation, _, path = begin(site, "changes-warm")
    for _ in range(WARM_ROUNDS_MAX):
        before = compiler_seconds(site.kafka.pid())
        change(installation, path, WARM_S * RATE, RATE)
        share = (compiler_seconds(site.kafka.pid()) - before) / WARM_S
        tell(f"changes, run 0: the broker's compiler takes {share:.2f} of a processor")
        if share < COMPILED_SHARE:
            break
    installation.end()


def measure_changes(site, tell):
    """The whole line in one process: accounts, alerts and notifications take the changes, serve answers them."""
    p50 = Figure("change_p50", f"change of a threshold over HTTP, {RATE:,}/s, p50", "ms")
    p99 = Figure("change_p99", f"change of a threshold over HTTP, {RATE:,}/s, p99", "ms", P99_BAR_MS, most=True)
    most = Figure("changes_per_s", f"changes of thresholds over HTTP, {CONNECTIONS} connections", "changes/s", RATE_BAR)
    warm(site, tell)
    for run in range(site.sizes.runs):
        installation, process, path = begin(site, f"changes{run}")
        change(installation, path, WARM_S * RATE, RATE)
        cpu = cpu_seconds(process.pid)
        count = site.sizes.seconds * RATE
        with Stolen() as stolen:
            latencies = [latency / 1000 for _, latency, _ in change(installation, path, count, RATE)]
        cpu = cpu_seconds(process.pid) - cpu
        p50.add(percentile(latencies, 0.5))
        p99.add(percentile(latencies, 0.99), stolen_percent=stolen.percent, cpu_us_per_change=cpu * 1e6 / count,
                peak_mib=memory_mib(process.pid))
        took_us = max(due + latency for due, latency, _ in change(installation, path, count))
        most.add(count * 1e6 / took_us)
        tell(f"changes, run {run + 1}: p50 {p50.values[-1]:.1f} ms, p99 {p99.values[-1]:.1f} ms at {RATE:,}/s; "
             f"with {stolen.percent:.1f} % of the processors stolen; at most {most.values[-1]:,.0f}/s")
        installation.end()
    return [p50, p99, most]
