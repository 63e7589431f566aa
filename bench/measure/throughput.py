"""Quotes a second, exactly once: soglia and its peers over the same backlog, in turn."""
from measure.contenders import PassThrough, SogliaAlerts, StreamsOneValue, StreamsRangeScan
from measure.report import Figure
from measure.site import SPACING

EVERYBODY = [SogliaAlerts, PassThrough, StreamsOneValue, StreamsRangeScan]
FEW_EACH = 10
# Half of the largest step is the mean one: 1 quote in 9 crosses a threshold, or 1 in 100.
STEP_NINTH, STEP_HUNDREDTH = SPACING * 2 // 9, SPACING * 2 // 100
STREAMS_BAR, PASS_BAR, CPU_BAR, MANY_BAR = 4, 0.7, 0.9, 0.8
PEAK_BAR = 256


def key(name):
    return name.replace("-", "_")


def compare(contenders):
    """Nothing is said about speed before all who decide alerts have written the same ones."""
    digests = {one.name: one.digest() for one in contenders if not isinstance(one, PassThrough)}
    if len(set(digests.values())) != 1:
        raise AssertionError(f"the contenders' alerts differ: {digests}")
    return int(next(iter(digests.values())).split()[0])


def run_all(site, name, kinds, count, each, step, seed, tell):
    """Runs each of `kinds` over a backlog of its own; returns (paces by name, share of quotes that fired)."""
    installation = site.installation(name)
    installation.load_subscriptions(each)
    installation.load_quotes(count, seed, each=each, step_max=step, spacing=SPACING)
    contenders, paces = [kind(installation) for kind in kinds], {}
    for one in contenders:
        one.prepare()
        paces[one.name] = one.pace(count)
        one.process.end()
        tell(f"{one.name}: {paces[one.name].records_per_s:,.0f} quotes/s, {paces[one.name].cpu_us:.2f} us of CPU a quote")
    alerts = compare(contenders)
    tell(f"all wrote the same {alerts} alerts, {alerts / count:.4f} a quote")
    installation.end()
    return paces


def turned(kinds, run):
    """Another order in each run, so that nobody always goes first."""
    at = run % len(kinds)
    return kinds[at:] + kinds[:at]


def measure_backlog(site, tell):
    sizes = site.sizes
    speed = Figure("quotes_per_s", "quotes/s, one thread, 10 subscriptions an instrument", "quotes/s")
    over_streams = Figure("quotes_per_s_over_streams", "  times the better Streams", "x", STREAMS_BAR)
    over_pass = Figure("quotes_per_s_over_pass_through", "  share of the pass-through", "x", PASS_BAR)
    cpu = Figure("cpu_us_per_quote", "CPU of the process per quote", "us", CPU_BAR, most=True)
    peak = Figure("resident_mib_full_speed", "resident memory at full speed, peak", "MiB", PEAK_BAR, most=True)
    bars = []
    # In the first minute the broker's compiler takes a fifth of the machine (perf): the first run does not count.
    for run in range(-1, sizes.runs):
        paces = run_all(site, f"backlog{run + 1}", turned(EVERYBODY, run), sizes.quotes, FEW_EACH, STEP_NINTH, sizes.seed + run,
                        lambda text, at=run: tell(f"backlog, run {at + 1}: {text}"))
        if run < 0:
            continue
        ours, limit = paces[SogliaAlerts.name], paces[PassThrough.name]
        streams = [paces[kind.name] for kind in (StreamsOneValue, StreamsRangeScan)]
        better = max(one.records_per_s for one in streams)
        others = {key(name): pace for name, pace in paces.items() if name != SogliaAlerts.name}
        speed.add(ours.records_per_s, **{name: pace.records_per_s for name, pace in others.items()})
        bars.append(max(STREAMS_BAR * better, PASS_BAR * limit.records_per_s))
        over_streams.add(ours.records_per_s / better)
        over_pass.add(ours.records_per_s / limit.records_per_s)
        cpu.add(ours.cpu_us, **{name: pace.cpu_us for name, pace in others.items()})
        peak.add(ours.peak_mib, **{name: pace.peak_mib for name, pace in others.items()})
    speed.bar = sorted(bars)[len(bars) // 2]
    return [speed, over_streams, over_pass, cpu, peak]


def measure_many(site, tell):
    """A million subscriptions, 1 quote in 100 fires; the same walk over ten an instrument is the other side."""
    sizes = site.sizes
    each = sizes.subscriptions // 1000
    many = Figure("many_subscriptions_ratio", f"rate with {each} subscriptions an instrument to that with {FEW_EACH}", "x", MANY_BAR)
    speed = Figure("many_subscriptions_quotes_per_s", f"  quotes/s with {each} subscriptions an instrument, 1 in 100 fires", "quotes/s")
    for run in range(sizes.runs):
        seed = sizes.seed + run
        few = run_all(site, f"few{run}", [SogliaAlerts], sizes.quotes, FEW_EACH, STEP_HUNDREDTH, seed,
                      lambda text, at=run: tell(f"10 subscriptions, run {at + 1}: {text}"))[SogliaAlerts.name]
        ours = run_all(site, f"many{run}", [SogliaAlerts], sizes.quotes, each, STEP_HUNDREDTH, seed,
                       lambda text, at=run: tell(f"{each} subscriptions, run {at + 1}: {text}"))[SogliaAlerts.name]
        many.add(ours.records_per_s / few.records_per_s)
        speed.add(ours.records_per_s, soglia_10_subscriptions=few.records_per_s)
    # The peer is far slower here: once is enough to see it, over a tenth of the work.
    peers = run_all(site, "many-streams", [SogliaAlerts, StreamsOneValue, StreamsRangeScan], max(sizes.quotes // 10, 1), each,
                    STEP_HUNDREDTH, sizes.seed, lambda text: tell(f"{each} subscriptions, a tenth of the quotes: {text}"))
    for kind in (StreamsOneValue, StreamsRangeScan):
        speed.contenders[key(kind.name)] = [peers[kind.name].records_per_s]
    return [many, speed]
