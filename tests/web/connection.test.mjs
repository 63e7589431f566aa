// The page's way to the server, against a real HTTP server that follows a script: what is sent twice, waited for, resumed and given up.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import * as api from '../../web/core/api.js';
import * as live from '../../web/core/live.js';
import * as session from '../../web/core/session.js';

const WAIT_MS = 10000;
const LOOK_MS = 5;
const ENTERED = { token: 'one', expires_in: 900, user_id: 'u1' };

let server;
let requests;
let handle; // (request, response) of the test.
let ended = [];

const browserFetch = globalThis.fetch;

before(async () => {
    server = createServer(async (request, response) => {
        const chunks = [];
        for await (const chunk of request) {
            chunks.push(chunk);
        }
        requests.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
        handle(request, response, requests.at(-1));
    });
    await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const base = `http://127.0.0.1:${server.address().port}`;
    // A page's addresses are relative.
    globalThis.fetch = (path, options) => browserFetch(base + path, options);
    session.onChange((what) => what !== 'begun' && ended.push(what));
});

after(() => {
    live.stop();
    server.closeAllConnections();
    server.close();
});

beforeEach(() => {
    requests = [];
    ended = [];
    api.forget();
    session.end('left');
    ended = [];
    session.begin(ENTERED);
});

function json(response, status, body, headers = {}) {
    response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...headers });
    response.end(JSON.stringify(body));
}

async function until(predicate, what) {
    const deadline = Date.now() + WAIT_MS;
    while (!predicate()) {
        assert.ok(Date.now() < deadline, `waited in vain for ${what}`);
        await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
    }
}

test('a write whose answer is lost is sent again under its key', async () => {
    handle = (request, response) => (requests.length < 3 ? request.socket.destroy() : json(response, 201, { version: 1 }));
    const { body } = await api.write('POST', '/v1/subscriptions', { instrument: 'stock:A' });
    assert.equal(body.version, 1);
    assert.equal(requests.length, 3);
    const keys = new Set(requests.map(({ headers }) => headers['idempotency-key']));
    assert.equal(keys.size, 1);
    assert.match([...keys][0], /^[0-9a-f]{32}$/);
    assert.equal(requests[0].headers.authorization, 'Bearer one');
});

test('another write has another key, and a condition when there is one', async () => {
    handle = (request, response) => json(response, 200, {});
    await api.patch('/v1/subscriptions/s', { high: 1 }, '"3"');
    await api.patch('/v1/subscriptions/s', { high: 1 }, '"4"');
    assert.notEqual(requests[0].headers['idempotency-key'], requests[1].headers['idempotency-key']);
    assert.equal(requests[0].headers['if-match'], '"3"');
    assert.equal(requests[0].headers['content-type'], 'application/merge-patch+json');
});

test('a late result is asked for until it is there', async () => {
    handle = (request, response) => {
        if (request.method === 'POST') {
            json(response, 504, { status: 504, command_id: 'c/1' });
        } else if (requests.length < 3) {
            json(response, 404, { status: 404 });
        } else {
            json(response, 200, { status: 'DONE', result: { version: 7 } });
        }
    };
    assert.equal((await api.write('POST', '/v1/subscriptions', {})).body.version, 7);
    assert.equal(requests.at(-1).url, '/v1/commands/c%2F1');
});

test('a late refusal is the problem that it would have been', async () => {
    handle = (request, response) => (request.method === 'PATCH' ? json(response, 504, { status: 504, command_id: 'c' })
        : json(response, 200, { status: 'REFUSED', problem: { code: 'VERSION_MISMATCH', detail: 'changed', pointer: null } }));
    await assert.rejects(api.patch('/v1/users/me', {}), (problem) => problem.status === 412 && problem.message === 'changed');
});

test('a read of one\'s own waits for what one wrote', async () => {
    handle = (request, response) => json(response, 200, { subscriptions: [], next: null }, request.method === 'POST' ? { 'Soglia-Position': 'command-results:1=42' } : {});
    await api.write('POST', '/v1/subscriptions', {});
    await api.all('/v1/subscriptions', 'subscriptions', { mine: true });
    await api.get('/v1/instruments');
    assert.equal(requests[1].headers['soglia-min-position'], 'command-results:1=42');
    assert.equal(requests[2].headers['soglia-min-position'], undefined);
});

test('pages are followed to the last', async () => {
    handle = (request, response) => {
        const cursor = Number(new URL(request.url, 'http://x').searchParams.get('cursor') ?? 0);
        json(response, 200, { quotes: [cursor], next: cursor < 3 ? String(cursor + 1) : null });
    };
    assert.deepEqual(await api.all('/v1/instruments/a/quotes', 'quotes'), [0, 1, 2, 3]);
});

test('a refused token ends the session; a refused password does not', async () => {
    handle = (request, response) => json(response, 401, { detail: 'no' });
    await assert.rejects(api.logIn('a@example.org', 'x'), { message: 'no', status: 401 });
    assert.deepEqual(ended, []);
    await assert.rejects(api.get('/v1/users/me'), { status: 401 });
    assert.deepEqual(ended, ['refused']);
    assert.equal(session.token(), null);
});

test('a token is renewed in time, and only then', async () => {
    handle = (request, response) => json(response, 201, { token: 'two', expires_in: 900, user_id: 'u1' });
    await api.renewWhenDue();
    assert.equal(requests.length, 0);
    session.begin({ ...ENTERED, expires_in: 0.5 });
    await until(() => session.remaining().ms < 140, 'the last third');
    await api.renewWhenDue();
    assert.equal(requests[0].body, '{}');
    assert.equal(session.token(), 'two');
});

function openStream(response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': hello\n\n');
}

// Watches instruments until the test is over; what is told stands in the arrays that it returns.
function watched(instruments, context) {
    const controller = new AbortController();
    context.after(() => controller.abort());
    const told = { quotes: [], alerts: [], gaps: 0 };
    live.watch(instruments, {
        onQuote: (quote) => told.quotes.push(quote.value), onAlert: (alert) => told.alerts.push(alert.alert_id), onGap: () => { told.gaps += 1; },
    }, controller.signal);
    return told;
}

test('a broken stream goes on where it was; what is lost is told', async (context) => {
    handle = (request, response) => {
        openStream(response);
        if (requests.length === 1) {
            response.write('id: p1\nevent: quote\ndata: {"instrument":"fx:A/B","value":1}\n\nid: p2\nevent: quote\ndata: {"instrument":"other","value":9}\n\n');
            response.end('id: p2b\n\nid: p3\nevent: quote\ndata: {"instrument":');
        } else {
            response.write('event: gap\ndata: {}\n\nid: p4\nevent: alert\ndata: {"alert_id":"a1"}\n\nevent: quote\ndata: broken\n\n');
        }
    };
    const states = [];
    live.onState((state) => states.push(state));
    const told = watched(['fx:A/B', 'x,y\\z'], context);
    await until(() => told.alerts.length === 1, 'the alert of the second stream');
    // The first gap is the time before the stream.
    assert.deepEqual(told, { quotes: [1], alerts: ['a1'], gaps: 2 });
    assert.equal(requests[0].url, '/v1/stream?instruments=fx%3AA%2FB,x%5C%2Cy%5C%5Cz&alerts=true');
    assert.equal(requests[0].headers.authorization, 'Bearer one');
    assert.equal(requests[1].headers['last-event-id'], 'p2b', 'the id of a quiet time counts, that of half an event does not');
    assert.ok(states.includes('offline') && states.at(-1) === 'live');
});

test('without a stream last values are asked for', async (context) => {
    let offset = 0;
    handle = (request, response) => {
        if (request.url.startsWith('/v1/stream')) {
            json(response, 404, { detail: 'none' });
            return;
        }
        offset += 1;
        json(response, 200, { instrument: 'stock:A', value: 10 + offset, position: { partition: 0, offset } });
    };
    const told = watched(['stock:A'], context);
    await until(() => told.quotes.length === 2, 'a value that has changed');
    assert.deepEqual(told.quotes, [11, 12]);
});
