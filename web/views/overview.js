// My instruments: last value, change, a line that moves.
import { all } from '../core/api.js';
import { breakable, el, perFrame } from '../core/dom.js';
import * as format from '../core/format.js';
import { add, eachOf, lastOf, lastValues } from '../core/history.js';
import { icon } from '../core/icons.js';
import * as live from '../core/live.js';
import { to } from '../core/router.js';
import { sparkline } from '../core/sparkline.js';
import { isPaused, standing } from '../core/words.js';
import { empty, fillWith, report, skeleton } from './states.js';

const LINE_VALUES = 60;
const LOADS_AT_ONCE = 4;
const AGE_EVERY_MS = 20000;
const SETTLE_MS = 120;

export function overviewView({ signal }) {
    const content = el('div');
    const load = async () => {
        const subscriptions = await all('/v1/subscriptions', 'subscriptions', { mine: true, signal });
        return subscriptions.length === 0 ? nothingYet() : watchlist(subscriptions, signal);
    };
    fillWith(content, signal, () => skeleton(5), load);
    return el('div', { class: 'page' },
        el('div', { class: 'page-head' }, el('h1', { tabindex: -1 }, 'Overview'),
            el('a', { class: 'button button-main', href: '#/watch' }, icon('plus', 18), 'Watch an instrument')),
        content);
}

function nothingYet() {
    return empty('overview', 'Nothing is watched yet', 'Choose an instrument and say which values matter to you. You get one message when it goes beyond them.',
        el('a', { class: 'button button-main', href: '#/watch' }, 'Watch an instrument'));
}

function byInstrument(subscriptions) {
    const groups = new Map();
    for (const subscription of subscriptions) {
        groups.set(subscription.instrument, [...(groups.get(subscription.instrument) ?? []), subscription]);
    }
    return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
}

function watchlist(subscriptions, signal) {
    const rows = new Map(byInstrument(subscriptions).map(([instrument, group]) => [instrument, new Row(instrument, group)]));
    followShown(rows, signal);
    const aging = setInterval(() => rows.forEach((row) => row.drawAge()), AGE_EVERY_MS);
    signal.addEventListener('abort', () => clearInterval(aging));
    return el('div', { class: 'card table-card' }, el('table', { class: 'watchlist' },
        el('caption', { class: 'unseen' }, 'My instruments'),
        el('thead', null, el('tr', null,
            el('th', { scope: 'col' }, 'Instrument'), el('th', { scope: 'col', class: 'col-line' }, `Last ${LINE_VALUES} values`),
            el('th', { scope: 'col', class: 'right' }, 'Last'), el('th', { scope: 'col', class: 'right wide' }, 'Change'),
            el('th', { scope: 'col', class: 'wide' }, 'Thresholds'), el('th', { scope: 'col', class: 'right wide' }, 'At'))),
        el('tbody', null, [...rows.values()].map((row) => row.node))));
}

// Only rows on the screen have their values loaded and their quotes sent: there may be a thousand.
function followShown(rows, signal) {
    const shown = new Set();
    let watched = new AbortController();
    let settling = 0;
    const load = (instrument) => rows.get(instrument).load(signal);
    const settle = () => {
        const before = watched;
        watched = new AbortController();
        live.watch(shown, {
            onQuote: (quote) => rows.get(quote.instrument).take(quote),
            onGap: () => {
                rows.forEach((row) => { row.isLoaded = false; });
                eachOf(shown, LOADS_AT_ONCE, load).catch(() => {});
            },
        }, watched.signal);
        before.abort();
        eachOf([...shown].filter((instrument) => !rows.get(instrument).isLoaded), LOADS_AT_ONCE, load).catch(() => {});
    };
    const observer = new IntersectionObserver((entries) => {
        for (const { target, isIntersecting } of entries) {
            const { instrument } = target.dataset;
            if (isIntersecting) {
                shown.add(instrument);
            } else if (shown.delete(instrument)) {
                // What comes while it is away is loaded when it is back.
                rows.get(instrument).isLoaded = false;
            }
        }
        clearTimeout(settling);
        settling = setTimeout(settle, SETTLE_MS);
    }, { rootMargin: '200px' });
    rows.forEach((row) => observer.observe(row.node));
    signal.addEventListener('abort', () => {
        clearTimeout(settling);
        observer.disconnect();
        watched.abort();
    });
}

// One instrument. What it shows besides the last value is about the values of its line.
class Row {
    constructor(instrument, subscriptions) {
        const { kind, name } = format.instrumentParts(instrument);
        this.instrument = instrument;
        this.subscriptions = subscriptions;
        this.history = { times: [], values: [] };
        this.unit = null;
        this.line = sparkline();
        this.value = el('span', { class: 'value number' }, el('span', { class: 'bar-wait', 'aria-hidden': 'true' }));
        this.unitWords = el('span', { hidden: true });
        this.change = el('span', { class: 'number change' });
        this.smallChange = el('span', { class: 'number change narrow' });
        this.age = el('span', { class: 'number muted' });
        this.place = el('span', { class: 'badge', hidden: true });
        this.draw = perFrame(() => this.drawNow());
        const labels = [...new Set(subscriptions.map((subscription) => subscription.label).filter(Boolean))];
        this.node = el('tr', { 'data-instrument': instrument },
            el('th', { scope: 'row' }, el('a', { href: to('instruments', instrument), class: 'row-link' }, el('span', { class: 'name' }, breakable(name))),
                el('span', { class: 'row-about' }, kind && el('span', null, kind), this.unitWords, labels.length > 0 && el('span', { class: 'label' }, labels.join(', '))),
                el('span', { class: 'narrow thresholds' }, levelWords(subscriptions))),
            el('td', { class: 'col-line' }, this.line.node),
            el('td', { class: 'right' }, this.value, this.smallChange, this.place),
            el('td', { class: 'right wide' }, this.change),
            el('td', { class: 'wide thresholds' }, levelWords(subscriptions)),
            el('td', { class: 'right wide' }, this.age));
    }

    async load(signal) {
        this.isLoaded = true;
        try {
            const last = await lastOf(this.instrument, signal);
            this.unit = last?.unit ?? null;
            const early = this.history;
            this.history = last === null ? { times: [], values: [] } : await lastValues(this.instrument, LINE_VALUES, signal);
            // What came by the stream meanwhile.
            early.times.forEach((time, i) => add(this.history, { event_time_ms: time, value: early.values[i] }));
            this.node.classList.remove('is-failed');
            this.drawNow();
        } catch (problem) {
            if (!signal.aborted) {
                report(problem);
                this.isLoaded = false;
                this.node.classList.add('is-failed');
                this.value.textContent = 'not to be had';
            }
        }
    }

    take(quote) {
        if (!add(this.history, quote)) {
            return;
        }
        this.history.times = this.history.times.slice(-LINE_VALUES);
        this.history.values = this.history.values.slice(-LINE_VALUES);
        this.draw();
        this.value.classList.remove('is-new');
        void this.value.offsetWidth;
        this.value.classList.add('is-new');
    }

    drawNow() {
        const { values } = this.history;
        if (values.length === 0) {
            this.value.textContent = 'no value yet';
            this.value.classList.add('muted');
            return;
        }
        this.value.classList.remove('muted');
        const decimals = format.decimalsOf(values);
        const last = values.at(-1);
        this.value.textContent = format.number(last, decimals);
        this.unitWords.textContent = this.unit ?? '';
        this.unitWords.hidden = !this.unit;
        this.line.draw(values, this.subscriptions.flatMap(({ low, high }) => [low, high]).filter((level) => level !== null && level !== undefined));
        this.drawChange(last, values[0], decimals);
        this.drawPlace(last);
        this.drawAge();
    }

    drawChange(last, first, decimals) {
        const words = format.signed(Number((last - first).toFixed(decimals)), decimals);
        const ratio = first === 0 ? '' : format.percent((last - first) / Math.abs(first));
        this.change.replaceChildren(words, el('span', { class: 'muted ratio' }, ratio));
        this.smallChange.textContent = ratio || words;
    }

    drawPlace(last) {
        const places = new Set(this.subscriptions.map((subscription) => standing(last, subscription)));
        const beyond = places.has('high') ? 'Above' : places.has('low') ? 'Below' : null;
        this.place.hidden = beyond === null;
        this.place.textContent = beyond ?? '';
    }

    drawAge() {
        const at = this.history.times.at(-1);
        this.age.textContent = at === undefined ? '' : format.relative(at);
        this.age.title = at === undefined ? '' : format.dateTime(at);
    }
}

function levelWords(subscriptions) {
    return subscriptions.slice(0, 3).map((subscription) => el('span', { class: 'levels number' },
        level('↓', 'below ', subscription.low), level('↑', 'above ', subscription.high),
        isPaused(subscription) && el('span', { class: 'paused-mark' }, 'paused')));
}

function level(sign, words, value) {
    return value !== null && value !== undefined
        && el('span', { class: 'level' }, el('span', { class: 'level-sign', 'aria-hidden': 'true' }, sign), el('span', { class: 'unseen' }, words), format.number(value));
}
