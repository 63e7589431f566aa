// What happens now: one stream of events for the whole page, opened again when it breaks, and polling where there is none.
import { instrumentPath, pause, Problem, send } from './api.js';
import * as session from './session.js';
import { EventReader } from './sse.js';

const BACKOFF_MS = [250, 500, 1000, 2000, 5000, 10000, 20000];
const POLL_MS = 3000;
const SETTLE_MS = 50; // Views come and go together: the stream is opened once for all of them.
const SILENCE_MS = 60000; // The server sends a comment now and then; longer silence is a dead connection.
const HEALTHY_MS = 5000;
const NAMES_MAX = 100;
const LIST_CHARACTERS_MAX = 6000;

const watchers = new Set();
const stateListeners = new Set();

let state = 'idle'; // live, connecting, polling, offline
let running = null; // {controller, instruments}
let lastId = '';
let reached = new Set(); // The instruments that lastId is about.
let settling = 0;

// Calls back until the signal ends it: onQuote({instrument, value, event_time_ms, ...}), onAlert(alert), onGap() when events were lost.
export function watch(instruments, callbacks, signal) {
    const watcher = { instruments: new Set(instruments), ...callbacks };
    watchers.add(watcher);
    signal.addEventListener('abort', () => {
        watchers.delete(watcher);
        settle();
    });
    settle();
}

export function onState(listener) {
    stateListeners.add(listener);
    listener(state);
}

function setState(next) {
    if (state !== next) {
        state = next;
        for (const listener of stateListeners) {
            listener(state);
        }
    }
}

function settle() {
    clearTimeout(settling);
    settling = setTimeout(restart, SETTLE_MS);
}

function wanted() {
    return [...new Set([...watchers].flatMap((watcher) => [...watcher.instruments]))].sort();
}

function restart() {
    const instruments = wanted();
    const needed = session.isLoggedIn() && watchers.size > 0;
    if (needed && running && running.instruments.join('\n') === instruments.join('\n')) {
        return;
    }
    stop();
    if (!needed) {
        setState('idle');
        if (!session.isLoggedIn()) {
            lastId = '';
            reached = new Set();
        }
        return;
    }
    running = { controller: new AbortController(), instruments };
    run(running).catch(() => {});
}

export function stop() {
    running?.controller.abort(new DOMException('stopped', 'AbortError'));
    running = null;
}

function tell(name, value) {
    for (const watcher of [...watchers]) {
        if (name !== 'onQuote' || watcher.instruments.has(value.instrument)) {
            watcher[name]?.(value);
        }
    }
}

// Runs until it is stopped.
async function run({ controller, instruments }) {
    const { signal } = controller;
    for (let failures = 0; !signal.aborted && session.isLoggedIn();) {
        if (state !== 'live') {
            setState(failures === 0 ? 'connecting' : 'offline');
        }
        const begun = Date.now();
        if (await stream(instruments, signal) === 'absent') {
            return poll(instruments, signal);
        }
        // A stream that was well ends now and then, at the latest with its token: that alone is no reason for words.
        failures = Date.now() - begun > HEALTHY_MS ? 0 : failures + 1;
        setState(failures === 0 ? 'connecting' : 'offline');
        await pause(BACKOFF_MS[Math.min(failures, BACKOFF_MS.length - 1)] * (0.75 + Math.random() / 2), signal);
    }
}

// Reads one stream to its end. Says 'absent' where the server has none.
async function stream(instruments, signal) {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    signal.addEventListener('abort', abort);
    try {
        const response = await open(instruments, attempt.signal);
        if ([404, 405, 406, 501].includes(response.status)) {
            return 'absent';
        }
        if (response.status === 401) {
            session.end('refused');
        }
        if (response.status === 400) {
            // What it was told to go on from, perhaps.
            lastId = '';
            tell('onGap');
        }
        if (!response.ok) {
            return 'refused';
        }
        setState('live');
        // An id says nothing of instruments that its stream did not have: what they did before this one began is asked for.
        if (instruments.some((name) => !reached.has(name))) {
            tell('onGap');
        }
        reached = new Set(instruments);
        await readAll(response.body.getReader(), attempt);
    } catch {
        // Broken: the loop opens it again.
    } finally {
        signal.removeEventListener('abort', abort);
        attempt.abort();
    }
    return 'ended';
}

function open(instruments, signal) {
    const headers = { Accept: 'text/event-stream', Authorization: `Bearer ${session.token()}` };
    if (lastId) {
        headers['Last-Event-ID'] = lastId;
    }
    const names = nameList(instruments);
    const target = `/v1/stream?${names ? `instruments=${names}&` : ''}alerts=true`;
    return fetch(target, { headers, signal, cache: 'no-store', credentials: 'omit' });
}

// As many names as a stream takes; commas and backslashes within them stand behind a backslash.
function nameList(instruments) {
    let list = '';
    for (const name of instruments.slice(0, NAMES_MAX)) {
        const next = `${list ? ',' : ''}${encodeURIComponent(name.replace(/[\\,]/g, '\\$&'))}`;
        if (list.length + next.length > LIST_CHARACTERS_MAX) {
            break;
        }
        list += next;
    }
    return list;
}

async function readAll(reader, attempt) {
    const decoder = new TextDecoder();
    const events = new EventReader();
    let silence = 0;
    for (;;) {
        clearTimeout(silence);
        silence = setTimeout(() => attempt.abort(), SILENCE_MS);
        const { done, value } = await reader.read().finally(() => clearTimeout(silence));
        if (done) {
            return;
        }
        for (const event of events.push(decoder.decode(value, { stream: true }))) {
            take(event);
        }
        // An id without an event, too: it says how far a quiet stream has come.
        lastId = events.reached || lastId;
    }
}

function take(event) {
    if (event.event === 'gap') {
        tell('onGap');
        return;
    }
    let data;
    try {
        data = JSON.parse(event.data);
    } catch {
        return;
    }
    if (event.event === 'quote') {
        tell('onQuote', data);
    } else if (event.event === 'alert') {
        tell('onAlert', data);
    }
}

// Asks for last values again and again; a value is told when its position is a new one.
async function poll(instruments, signal) {
    const known = new Map();
    while (!signal.aborted) {
        let reached = true;
        for (const instrument of instruments) {
            try {
                const { body } = await send('GET', instrumentPath(instrument), { signal });
                const at = `${body.position.partition}:${body.position.offset}`;
                if (known.get(instrument) !== at) {
                    tell('onQuote', body);
                }
                known.set(instrument, at);
            } catch (problem) {
                signal.throwIfAborted();
                reached = !(problem instanceof Problem && problem.isOffline);
            }
        }
        setState(reached ? 'polling' : 'offline');
        await pause(POLL_MS, signal);
    }
}

// A computer that is connected again need not wait for the next try.
globalThis.addEventListener?.('online', () => {
    if (state === 'offline') {
        stop();
        settle();
    }
});
