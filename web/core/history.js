// Past values of an instrument, as parallel arrays in the order of time.
import { all, get, instrumentPath, Problem } from './api.js';

export const VALUES_MAX = 10000;

const nothing = () => ({ times: [], values: [] });

// The last value with its time and unit; null when there has been none.
export async function lastOf(instrument, signal) {
    try {
        return (await get(instrumentPath(instrument), { signal })).body;
    } catch (problem) {
        if (problem instanceof Problem && problem.status === 404) {
            return null;
        }
        throw problem;
    }
}

// The last `count` values, at most VALUES_MAX.
export async function lastValues(instrument, count, signal) {
    let from;
    try {
        // The mean says where the last so many begin.
        from = (await get(`${instrumentPath(instrument)}/mean`, { query: { last: count }, signal })).body.from;
    } catch (problem) {
        if (problem instanceof Problem && problem.status === 404) {
            return nothing();
        }
        throw problem;
    }
    return valuesBetween(instrument, from, null, count, signal);
}

// The last `count` of the values from one time to before another, both ms, RFC 3339 or null.
export async function valuesBetween(instrument, from, to, count, signal) {
    const quotes = await all(`${instrumentPath(instrument)}/quotes`, 'quotes', { query: { from, to }, signal });
    const kept = quotes.slice(-count);
    return { times: kept.map((quote) => quote.event_time_ms), values: kept.map((quote) => quote.value) };
}

// Adds a quote that has just come. A late one, and one that is there already, changes nothing.
export function add(history, quote) {
    const last = history.times.length - 1;
    const known = last >= 0 && (quote.event_time_ms < history.times[last]
        || (quote.event_time_ms === history.times[last] && quote.value === history.values[last]));
    if (known) {
        return false;
    }
    history.times.push(quote.event_time_ms);
    history.values.push(quote.value);
    if (history.times.length > VALUES_MAX) {
        history.times.shift();
        history.values.shift();
    }
    return true;
}

// Runs `work` on all items, a few at a time.
export async function eachOf(items, atOnce, work) {
    const rest = [...items];
    const run = async () => {
        while (rest.length > 0) {
            await work(rest.shift());
        }
    };
    await Promise.all(Array.from({ length: atOnce }, run));
}
