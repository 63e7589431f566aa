// Numbers and times as people read them. Times are those of the user's zone.

const LOCALE = 'en-GB';
const DECIMALS_MAX = 8;
const VALUES_LOOKED_AT = 200;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
let formats = {};

// Takes the user's zone; one that this browser does not know leaves the browser's own.
export function setZone(name) {
    try {
        Intl.DateTimeFormat(LOCALE, { timeZone: name });
    } catch {
        return;
    }
    zone = name;
    formats = {};
}

export function currentZone() {
    return zone;
}

function timeFormat(name, options) {
    formats[name] ??= new Intl.DateTimeFormat(LOCALE, { timeZone: zone, hourCycle: 'h23', ...options });
    return formats[name];
}

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit' };

// "22 Nov 2026, 10:32:05"
export function dateTime(ms) {
    return timeFormat('dateTime', { day: 'numeric', month: 'short', year: 'numeric', ...CLOCK }).format(ms);
}

// The same, without the year if it is this one: "22 Nov, 10:32:05".
export function moment(ms, now = Date.now()) {
    const sameYear = timeFormat('year', { year: 'numeric' }).format(ms) === timeFormat('year', { year: 'numeric' }).format(now);
    return sameYear ? timeFormat('moment', { day: 'numeric', month: 'short', ...CLOCK }).format(ms) : dateTime(ms);
}

export function date(ms) {
    return timeFormat('date', { day: 'numeric', month: 'short', year: 'numeric' }).format(ms);
}

export function clock(ms) {
    return timeFormat('clock', CLOCK).format(ms);
}

// Words for a tick of a time axis whose ticks are `step` apart.
export function tick(ms, step, isFirstOfDay) {
    if (step >= DAY) {
        return timeFormat('tickDay', { day: 'numeric', month: 'short' }).format(ms);
    }
    const text = step < MINUTE
        ? clock(ms)
        : timeFormat('tickMinute', { hour: '2-digit', minute: '2-digit' }).format(ms);
    return isFirstOfDay ? `${text}\n${timeFormat('tickDay', { day: 'numeric', month: 'short' }).format(ms)}` : text;
}

const ago = new Intl.RelativeTimeFormat(LOCALE, { numeric: 'auto', style: 'short' });

// "3 min ago"; older than a week: the date.
export function relative(ms, now = Date.now()) {
    const passed = now - ms;
    if (Math.abs(passed) < 5 * SECOND) {
        return 'just now';
    }
    if (Math.abs(passed) < MINUTE) {
        return ago.format(-Math.round(passed / SECOND), 'second');
    }
    if (Math.abs(passed) < HOUR) {
        return ago.format(-Math.round(passed / MINUTE), 'minute');
    }
    if (Math.abs(passed) < DAY) {
        return ago.format(-Math.round(passed / HOUR), 'hour');
    }
    return Math.abs(passed) < 7 * DAY ? ago.format(-Math.round(passed / DAY), 'day') : date(ms);
}

const UNITS = [[DAY, 'd', 'day'], [HOUR, 'h', 'hour'], [MINUTE, 'min', 'minute'], [SECOND, 's', 'second'], [1, 'ms', 'millisecond']];

// The largest unit in which a duration is a whole number: {count, unit, name, ms}.
export function wholeUnit(ms) {
    const [unitMs, unit, name] = ms === 0 ? UNITS[2] : UNITS.find(([size]) => ms % size === 0) ?? UNITS.at(-1);
    return { count: ms / unitMs, unit, name, ms: unitMs };
}

// About how long: "2 h", "35 min".
export function duration(ms) {
    const [unitMs, unit] = UNITS.find(([size]) => ms >= 1.5 * size) ?? UNITS.at(-1);
    return `${Math.round(ms / unitMs)} ${unit}`;
}

// How many decimals show these values in full, within reason.
export function decimalsOf(values) {
    let most = 0;
    for (const value of values.slice(-VALUES_LOOKED_AT)) {
        most = Math.max(most, decimals(value));
    }
    return most;
}

function decimals(value) {
    const text = String(value);
    if (text.includes('e')) {
        return Math.abs(value) < 1 ? DECIMALS_MAX : 0;
    }
    const point = text.indexOf('.');
    return point < 0 ? 0 : Math.min(DECIMALS_MAX, text.length - point - 1);
}

// A value with as many decimals as its neighbours have; more if it would lose digits that matter to it.
export function number(value, wanted = 0) {
    if (value === null || value === undefined) {
        return '–';
    }
    const magnitude = Math.abs(value);
    if (magnitude !== 0 && (magnitude >= 1e15 || magnitude < 1e-7)) {
        return value.toExponential(4);
    }
    return new Intl.NumberFormat(LOCALE, {
        minimumFractionDigits: Math.min(wanted, DECIMALS_MAX), maximumFractionDigits: Math.max(wanted, decimals(value)),
    }).format(value === 0 ? 0 : value).replace('-', '−'); // Minus zero is zero.
}

export function signed(value, wanted) {
    const text = number(Math.abs(value), wanted);
    return value > 0 ? `+${text}` : value < 0 ? `−${text}` : text;
}

export function percent(ratio) {
    const text = new Intl.NumberFormat(LOCALE, { style: 'percent', minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Math.abs(ratio));
    return ratio > 0 ? `+${text}` : ratio < 0 ? `−${text}` : text;
}

export function count(number_, one, many = `${one}s`) {
    return `${new Intl.NumberFormat(LOCALE).format(number_)} ${number_ === 1 ? one : many}`;
}

const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
const ISOLATE = '\u2068';
const END_ISOLATE = '\u2069';

// A text that cannot turn around the direction of what stands beside it.
export function isolated(text) {
    return TURNS.test(text) ? `${ISOLATE}${text}${END_ISOLATE}` : text;
}

// "stock:AAPL" in its two parts, for eyes; a name without a colon has no kind.
export function instrumentParts(instrument) {
    const colon = instrument.indexOf(':');
    return { kind: isolated(instrument.slice(0, Math.max(0, colon))), name: isolated(instrument.slice(colon + 1)) };
}
