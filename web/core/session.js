// Who is logged in: the token, kept for this tab alone, and when it must be renewed.

const KEY = 'soglia.session';
const listeners = new Set();

let session = read();

function read() {
    try {
        const kept = JSON.parse(sessionStorage.getItem(KEY));
        return kept && kept.token && kept.expiresAt > Date.now() ? kept : null;
    } catch {
        return null;
    }
}

function keep() {
    try {
        if (session) {
            sessionStorage.setItem(KEY, JSON.stringify(session));
        } else {
            sessionStorage.removeItem(KEY);
        }
    } catch {
        // In memory it is all the same.
    }
}

export function token() {
    return session?.token ?? null;
}

export function isLoggedIn() {
    return session !== null;
}

// How long the token still lasts, and how long it lasted when it was new, in ms.
export function remaining() {
    return session ? { ms: session.expiresAt - Date.now(), of: session.lasts } : null;
}

// Takes the answer of POST /v1/sessions. Our clock may differ from the server's: what counts is how long it lasts.
export function begin(answer) {
    const lasts = answer.expires_in * 1000;
    session = { token: answer.token, userId: answer.user_id, lasts, expiresAt: Date.now() + lasts };
    keep();
    tell('begun');
}

// Takes a renewed token, which nobody needs to notice.
export function renew(answer) {
    const lasts = answer.expires_in * 1000;
    session = { ...session, token: answer.token, lasts, expiresAt: Date.now() + lasts };
    keep();
}

// `why`: 'left' by the user's wish, 'refused' by the server, 'deleted' with the account.
export function end(why) {
    if (session === null) {
        return;
    }
    session = null;
    keep();
    tell(why);
}

export function onChange(listener) {
    listeners.add(listener);
}

function tell(what) {
    for (const listener of listeners) {
        listener(what);
    }
}
