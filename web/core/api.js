// The HTTP interface: one call, its answer or its problem. Reads see one's own writes; writes are done once, however often they are sent.
import * as session from './session.js';

const TRIES = 3;
const RETRY_MS = 400;
const COMMAND_TRIES = 30;
const COMMAND_EVERY_MS = 500;
const RENEW_AT = 0.3; // Of the token's life.
const PAGES_MAX = 50;

// What a command's refusal would have been as an answer.
const STATUS_OF = { INVALID: 400, NOT_FOUND: 404, ALREADY_EXISTS: 409, VERSION_MISMATCH: 412, LIMIT_REACHED: 409, ID_REUSED: 422 };

// What went wrong: `status` 0 when nobody answered; `pointer` names the field at fault, as "/high".
export class Problem extends Error {
    constructor(status, body) {
        super(body?.detail || body?.title || (status === 0 ? 'The server cannot be reached.' : `The server answered ${status}.`));
        this.status = status;
        this.pointer = body?.pointer ?? null;
        this.commandId = body?.command_id ?? null;
    }

    get isOffline() {
        return this.status === 0;
    }
}

// How far the views must be so that what we wrote is in them: offsets by "topic:partition".
const seen = new Map();

function remember(position) {
    for (const topic of position.split(';')) {
        const colon = topic.lastIndexOf(':');
        for (const part of topic.slice(colon + 1).split(',')) {
            const [partition, offset] = part.split('=').map(Number);
            const key = `${topic.slice(0, colon)}:${partition}`;
            if (Number.isSafeInteger(offset) && offset > (seen.get(key) ?? -1)) {
                seen.set(key, offset);
            }
        }
    }
}

function wantedPosition() {
    const topics = new Map();
    for (const [key, offset] of seen) {
        const colon = key.lastIndexOf(':');
        const topic = key.slice(0, colon);
        topics.set(topic, [...(topics.get(topic) ?? []), `${key.slice(colon + 1)}=${offset}`]);
    }
    return [...topics].map(([topic, parts]) => `${topic}:${parts.join(',')}`).join(';');
}

export function forget() {
    seen.clear();
}

// 128 random bits; crypto.randomUUID() is absent where the page does not come over TLS.
export function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function pause(ms, signal) {
    return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(signal.reason);
        }, { once: true });
    });
}

function target(path, query) {
    const parameters = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
    return parameters.length === 0
        ? path
        : `${path}?${parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')}`;
}

// One exchange. Throws a Problem, or the signal's reason.
export async function send(method, path, { query, body, headers = {}, signal, type, anonymous = false } = {}) {
    const sent = { ...headers };
    if (session.token() && !anonymous) {
        sent.Authorization = `Bearer ${session.token()}`;
    }
    if (body !== undefined) {
        sent['Content-Type'] = type ?? 'application/json';
    }
    let response;
    try {
        response = await fetch(target(path, query), {
            method, headers: sent, signal, cache: 'no-cache', credentials: 'omit', redirect: 'error',
            body: body === undefined ? undefined : JSON.stringify(body),
        });
    } catch (failure) {
        signal?.throwIfAborted();
        throw new Problem(0, null, failure);
    }
    return read(response, anonymous);
}

async function read(response, anonymous) {
    const type = response.headers.get('Content-Type') ?? '';
    let body = null;
    try {
        body = /json/.test(type) ? await response.json() : null;
    } catch {
        throw new Problem(0, { detail: 'The answer of the server broke off.' });
    }
    if (!response.ok) {
        if (response.status === 401 && !anonymous) {
            session.end('refused');
        }
        throw new Problem(response.status, body);
    }
    return { status: response.status, body, etag: response.headers.get('ETag'), position: response.headers.get('Soglia-Position') };
}

// A read of what is one's own: it waits for one's own writes. One that is refused for now is asked again.
export async function get(path, options = {}) {
    const position = wantedPosition();
    const headers = position && options.mine ? { 'Soglia-Min-Position': position, ...options.headers } : options.headers;
    for (let tried = 1; ; tried++) {
        try {
            return await send('GET', path, { ...options, headers });
        } catch (problem) {
            if (!(problem instanceof Problem) || problem.status !== 503 || tried === TRIES) {
                throw problem;
            }
            await pause(RETRY_MS * tried, options.signal);
        }
    }
}

// The items of a page and the cursor of the next one.
export async function page(path, name, options) {
    const { body } = await get(path, options);
    return { items: body[name] ?? body.items ?? [], next: body.next ?? null };
}

// All items, over at most PAGES_MAX pages.
export async function all(path, name, options = {}) {
    const items = [];
    let cursor;
    for (let pages = 0; pages < PAGES_MAX; pages++) {
        const part = await page(path, name, { ...options, query: { limit: 1000, ...options.query, cursor } });
        items.push(...part.items);
        cursor = part.next;
        if (!cursor) {
            break;
        }
    }
    return items;
}

// A change. It is sent again under the same key when nobody answered, and asked after when the answer takes long.
export async function write(method, path, body, { etag, anonymous, type } = {}) {
    const headers = { 'Idempotency-Key': newKey() };
    if (etag) {
        headers['If-Match'] = etag;
    }
    for (let tried = 1; ; tried++) {
        try {
            const answer = await send(method, path, { body, headers, anonymous, type });
            if (answer.position) {
                remember(answer.position);
            }
            return answer;
        } catch (problem) {
            if (problem.status === 504 && problem.commandId && !anonymous) {
                return awaitCommand(problem.commandId);
            }
            if ((problem.status !== 0 && problem.status !== 503) || tried === TRIES) {
                throw problem;
            }
            await pause(RETRY_MS * tried);
        }
    }
}

export function patch(path, changes, etag) {
    return write('PATCH', path, changes, { etag, type: 'application/merge-patch+json' });
}

async function awaitCommand(id) {
    for (let tried = 0; tried < COMMAND_TRIES; tried++) {
        await pause(COMMAND_EVERY_MS);
        const answer = await commandAnswer(id);
        if (answer === null) {
            continue;
        }
        const { body, position } = answer;
        if (body.status === 'REFUSED') {
            throw new Problem(STATUS_OF[body.problem?.code] ?? 400, body.problem);
        }
        if (body.status === 'DONE') {
            if (position) {
                remember(position);
            }
            return { status: 200, body: body.result ?? null, etag: null, position };
        }
    }
    throw new Problem(504, { detail: 'The change is taking unusually long. It has been accepted; look again in a while.' });
}

// What is known of a command; null while nothing is.
async function commandAnswer(id) {
    try {
        return await get(`/v1/commands/${encodeURIComponent(id)}`);
    } catch (problem) {
        if (problem.status === 404 || problem.isOffline) {
            return null;
        }
        throw problem;
    }
}

export function instrumentPath(instrument) {
    return `/v1/instruments/${encodeURIComponent(instrument)}`;
}

export async function logIn(email, password) {
    const { body } = await send('POST', '/v1/sessions', { body: { email, password }, anonymous: true });
    forget();
    session.begin(body);
}

// Renews the token while there is somebody; looks every few seconds, since a computer that slept has no timers.
export async function renewWhenDue() {
    const left = session.remaining();
    if (left === null) {
        return;
    }
    if (left.ms <= 0) {
        session.end('refused');
        return;
    }
    if (left.ms > left.of * RENEW_AT) {
        return;
    }
    try {
        const { body } = await send('POST', '/v1/sessions', { body: {} });
        session.renew(body);
    } catch {
        // A refusal has ended the session; anything else is tried again while the token lasts.
    }
}
