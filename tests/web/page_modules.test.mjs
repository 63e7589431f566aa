// Modules of the page that need no browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../web/core/format.js';
import { add } from '../../web/core/history.js';
import { parse, to } from '../../web/core/router.js';
import { EventReader } from '../../web/core/sse.js';
import { alertWords, standing } from '../../web/core/words.js';

const STREAM = ': hello\n\nid: quotes:0=7\nevent: quote\ndata: {"a":1}\n\nevent: gap\r\ndata: {\r\ndata: }\r\n\r\nretry: 5\nid\n\ndata:x\r\rdata: "é€"\n\n';
const EVENTS = [
    { event: 'quote', data: '{"a":1}', id: 'quotes:0=7' }, { event: 'gap', data: '{\n}', id: 'quotes:0=7' },
    { event: 'message', data: 'x', id: '' }, { event: 'message', data: '"é€"', id: '' },
];

test('events are read whatever pieces they come in', () => {
    for (let size = 1; size <= STREAM.length; size++) {
        const reader = new EventReader();
        const found = [];
        for (let at = 0; at < STREAM.length; at += size) {
            found.push(...reader.push(STREAM.slice(at, at + size)));
        }
        assert.deepEqual(found, EVENTS, `in pieces of ${size}`);
    }
});

test('an event that was not ended is none', () => {
    assert.deepEqual(new EventReader().push('data: 1\n'), []);
});

test('addresses keep any name', () => {
    for (const name of ['stock:AAPL', 'fx:EUR/USD', 'a?b#c%d', '<img src=x onerror=alert(1)>', 'ä €', '..']) {
        assert.deepEqual(parse(to('instruments', name)).segments, ['instruments', name]);
    }
    assert.equal(parse('#/alerts?instrument=fx%3AEUR%2FUSD').parameters.get('instrument'), 'fx:EUR/USD');
    assert.deepEqual(parse('').segments, []);
    assert.deepEqual(parse('#/%E0%A4%A').segments, ['?'], 'a broken escape leads nowhere');
});

test('numbers keep the digits that they have', () => {
    assert.equal(format.number(1.5, 2), '1.50');
    assert.equal(format.number(1.0843, 2), '1.0843');
    assert.equal(format.number(-1234567.5), '−1,234,567.5');
    assert.equal(format.number(0.1 + 0.2), '0.3');
    assert.equal(format.number(1e21), '1.0000e+21');
    assert.equal(format.number(-0), '0');
    assert.equal(format.number(null), '–');
    assert.equal(format.decimalsOf([1, 1.25, 1.5]), 2);
    assert.equal(format.signed(-2, 1), '−2.0');
    assert.equal(format.percent(0.0123), '+1.23%');
});

test('times are those of the zone', () => {
    const at = Date.UTC(2026, 10, 22, 23, 30, 5);
    format.setZone('Europe/Rome');
    assert.equal(format.dateTime(at), '23 Nov 2026, 00:30:05');
    format.setZone('Asia/Kolkata');
    assert.equal(format.clock(at), '05:00:05');
    format.setZone('No/Such');
    assert.equal(format.currentZone(), 'Asia/Kolkata');
    assert.equal(format.moment(at, at), '23 Nov, 05:00:05');
    assert.equal(format.moment(at, Date.UTC(2027, 5, 1)), '23 Nov 2026, 05:00:05');
});

test('durations are whole units', () => {
    assert.deepEqual([0, 1, 1500, 60000, 5400000, 86400000].map((ms) => `${format.wholeUnit(ms).count} ${format.wholeUnit(ms).unit}`),
        ['0 min', '1 ms', '1500 ms', '1 min', '90 min', '1 d']);
    assert.equal(format.duration(26 * 3600000), '26 h');
    assert.equal(format.duration(700), '700 ms');
});

test('a history takes each quote once and in order', () => {
    const history = { times: [1000], values: [5] };
    assert.equal(add(history, { event_time_ms: 1000, value: 5 }), false, 'it is there');
    assert.equal(add(history, { event_time_ms: 999, value: 6 }), false, 'it is late');
    assert.equal(add(history, { event_time_ms: 1000, value: 6 }), true, 'another of the same time');
    assert.equal(add(history, { event_time_ms: 2000, value: 6 }), true);
    assert.deepEqual(history, { times: [1000, 1000, 2000], values: [5, 6, 6] });
});

test('a name cannot turn around what stands beside it', () => {
    assert.deepEqual(format.instrumentParts('stock:\u202egnp.exe'), { kind: 'stock', name: '\u2068\u202egnp.exe\u2069' });
    assert.deepEqual(format.instrumentParts('plain'), { kind: '', name: 'plain' });
    assert.deepEqual(format.instrumentParts('metric:a:b'), { kind: 'metric', name: 'a:b' });
});

test('alerts in words', () => {
    const alert = { instrument: 'stock:AAPL', side: 'HIGH', edge: 'ENTERED', initial: false, threshold: 190 };
    assert.equal(alertWords(alert), 'AAPL rose above 190');
    assert.equal(alertWords({ ...alert, initial: true }), 'AAPL is above 190');
    assert.equal(alertWords({ ...alert, side: 'LOW', edge: 'CLEARED' }), 'AAPL is back above 190');
    assert.equal(standing(190, { low: null, high: 190 }), 'inside');
    assert.equal(standing(190.1, { low: null, high: 190 }), 'high');
});
