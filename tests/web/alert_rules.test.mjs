// The preview's rules against the cases that people wrote (tests/replay) and random ones from the oracle, which shares no code with them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AlertRules, fault, preview } from '../../web/core/alert_rules.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REPLAY = `${ROOT}/tests/replay/alerts`;
const RANDOM_CASES = 3000;
const OUTPUT_MAX = 512 * 1024 * 1024;

// The rules of all subscriptions of all instruments, as a task has them.
class Machine {
    constructor() {
        this.instruments = new Map();
    }

    take(topic, value) {
        const instrument = this.instruments.get(value.instrument) ?? { last: null, rules: new Map() };
        this.instruments.set(value.instrument, instrument);
        const alerts = topic === 'quotes' ? this.quote(instrument, value) : this.subscription(instrument, value);
        return alerts.sort((a, b) => edgeOrder(a) - edgeOrder(b) || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
    }

    quote(instrument, { value, event_time: eventTime }) {
        if (instrument.last === null || eventTime >= instrument.last.eventTime) {
            instrument.last = { value, eventTime };
        }
        return [...instrument.rules].flatMap(([id, rules]) => rules.quote(value, eventTime).map((alert) => ({ ...alert, id })));
    }

    subscription(instrument, subscription) {
        const id = subscription.subscription_id;
        const taken = { ...subscription, paused_until_ms: subscription.paused_until ?? null }; // The page's name of it.
        const rules = instrument.rules.get(id) ?? new AlertRules(taken, instrument.last);
        instrument.rules.set(id, rules);
        return rules.change(taken).map((alert) => ({ ...alert, id }));
    }
}

function edgeOrder(alert) {
    return alert.edge === 'CLEARED' ? 0 : 1;
}

function asRecord(alert) {
    return {
        subscription_id: alert.id, side: alert.side, edge: alert.edge, initial: alert.initial, threshold: alert.threshold, value: alert.value,
        previous_value: alert.previousValue, event_time: alert.eventTime, suppressed: alert.suppressed,
    };
}

// Runs a replay file and returns how many cases and alerts it had.
function run(lines, where) {
    const counted = { cases: 0, alerts: 0 };
    const defaults = {};
    let machine = new Machine();
    let name = '';
    for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        if (line.case !== undefined) {
            machine = new Machine();
            name = line.case;
            counted.cases += 1;
        } else if (line.default) {
            defaults[line.default] = line.value;
        } else if (line.given) {
            const expected = [];
            while (lines[i + 1]?.then) {
                expected.push(lines[i + 1]);
                i += 1;
            }
            counted.alerts += check(machine, line, defaults[line.given], expected, `${where}: ${name}, line ${i + 1}`);
        }
    }
    return counted;
}

function check(machine, given, defaults, expected, where) {
    // What is refused never reaches the rules.
    if (expected.some(({ then }) => then === 'dead-letters')) {
        return 0;
    }
    const found = machine.take(given.given, { ...defaults, ...given.value }).map(asRecord);
    const wanted = expected.filter(({ then }) => then === 'alerts').map((line) => line.value ?? line.like);
    assert.equal(found.length, wanted.length, `${where}: ${JSON.stringify(found)}`);
    found.forEach((alert, i) => {
        for (const field of Object.keys(alert).filter((one) => one in wanted[i])) {
            // Equal as numbers are: 0 is -0.
            assert.ok(alert[field] === wanted[i][field], `${where}: ${field} is ${alert[field]}, not ${wanted[i][field]}`);
        }
    });
    return found.length;
}

function parse(text) {
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => JSON.parse(line));
}

for (const file of readdirSync(REPLAY).filter((name) => name.endsWith('.replay'))) {
    test(`the cases of ${file}`, () => {
        const { cases } = run(parse(readFileSync(`${REPLAY}/${file}`, 'utf8')), file);
        assert.ok(cases > 0);
    });
}

test(`${RANDOM_CASES} random cases of the oracle`, () => {
    const text = execFileSync('python3', ['tests/oracle/make_replay.py', '--from', '0', '--to', String(RANDOM_CASES)], { cwd: ROOT, encoding: 'utf8', maxBuffer: OUTPUT_MAX });
    const { cases, alerts } = run(parse(text), 'oracle');
    assert.equal(cases, RANDOM_CASES);
    assert.ok(alerts > RANDOM_CASES);
});

test('a preview counts what is sent, and says where', () => {
    const times = [0, 1000, 2000, 3000, 4000, 5000];
    const values = [5, 11, 5, 11, 1, 11];
    assert.deepEqual(preview({ low: 2, high: 10 }, values, times), { fired: 4, low: 1, high: 3, suppressed: 0, at: [1, 3, 4, 5] });
    assert.deepEqual(preview({ high: 10, cooldown_ms: 2500 }, values, times), { fired: 2, low: 0, high: 2, suppressed: 1, at: [1, 5] });
    assert.equal(preview({ high: 10, paused_until_ms: 9000 }, values, times).fired, 3, 'as if it were not paused');
    assert.equal(preview({ high: 11 }, values, times).fired, 0, 'equality is no violation');
    assert.equal(preview({ high: 10 }, [], []).fired, 0);
});

test('what is wrong with thresholds is said at its field', () => {
    assert.equal(fault({ low: 1, high: 2 }), null);
    assert.equal(fault({ low: 1, high: 1 }), null, 'one value is clear');
    assert.equal(fault({}).pointer, '/high');
    assert.equal(fault({ low: 3, high: 2 }).pointer, '/low');
    assert.equal(fault({ low: 1, high: 2, rearm: 1 }).pointer, '/rearm');
    assert.equal(fault({ high: 2, rearm: -1 }).pointer, '/rearm');
});
