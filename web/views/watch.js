// Choosing an instrument, and the first thresholds for it.
import { all, write } from '../core/api.js';
import { el, replace } from '../core/dom.js';
import * as format from '../core/format.js';
import { lastValues } from '../core/history.js';
import { icon } from '../core/icons.js';
import { to } from '../core/router.js';
import { sparkline } from '../core/sparkline.js';
import { textInput } from './fields.js';
import { fillWith, report, say, skeleton } from './states.js';
import { thresholdForm } from './threshold_form.js';

const SHOWN_MAX = 40;
const LINE_VALUES = 200;
const NAME_BYTES_MAX = 128;

export function watchView({ parameters, signal }) {
    const chosen = parameters.get('instrument');
    return el('div', { class: 'page page-narrow' },
        el('a', { class: 'back', href: chosen ? '#/watch' : '#/' }, icon('back', 18), chosen ? 'Other instruments' : 'Overview'),
        chosen ? terms(chosen, signal) : choice(signal));
}

function choose(instrument) {
    location.hash = `#/watch?instrument=${encodeURIComponent(instrument)}`;
}

// A text that could be an instrument's name though none of that name has had a value.
function couldBeName(text) {
    return /^[^:]+:.+$/.test(text) && !/[\u0000-\u001f\u007f]/.test(text) && new TextEncoder().encode(text).length <= NAME_BYTES_MAX;
}

function choice(signal) {
    const search = textInput({ type: 'search', placeholder: 'stock:AAPL, EUR/USD, latency…', 'aria-label': 'Search instruments', class: 'input search-input', spellcheck: 'false', autocapitalize: 'none' });
    const found = el('div', { class: 'found' });
    const summary = el('p', { class: 'hint', role: 'status' });
    fillWith(found, signal, () => skeleton(6), async () => {
        const known = await all('/v1/instruments', 'instruments', { signal });
        const list = el('ul', { class: 'list choice-list' });
        const draw = () => drawFound(list, summary, known, search.value.trim());
        search.addEventListener('input', draw);
        draw();
        return list;
    });
    search.addEventListener('keydown', (event) => {
        if (event.key === 'ArrowDown') {
            event.preventDefault();
            found.querySelector('a')?.focus();
        } else if (event.key === 'Enter') {
            found.querySelector('a')?.click();
        }
    });
    return el('div', null, el('h1', { tabindex: -1 }, 'Watch an instrument'),
        el('div', { class: 'search', role: 'search' }, icon('search'), search), summary, el('div', { class: 'card' }, found));
}

function drawFound(list, summary, known, text) {
    const words = text.toLowerCase();
    const fitting = known.filter(({ instrument }) => instrument.toLowerCase().includes(words));
    // What begins with it comes first.
    fitting.sort((a, b) => rank(a.instrument, words) - rank(b.instrument, words));
    const items = fitting.slice(0, SHOWN_MAX).map((one) => choiceOf(one.instrument, el('span', { class: 'number' }, format.number(one.value), one.unit && el('span', { class: 'unit' }, one.unit))));
    if (couldBeName(text) && !known.some(({ instrument }) => instrument === text)) {
        items.push(choiceOf(text, el('span', { class: 'muted' }, 'no value yet')));
    }
    summary.textContent = known.length === 0 ? 'No instrument has had a value yet. You can watch one by its name, as kind:name.'
        : items.length === 0 ? 'Nothing is called that. An instrument that has had no value yet is given as kind:name.'
            : fitting.length > SHOWN_MAX ? `${format.count(fitting.length, 'instrument')}, the first ${SHOWN_MAX} are shown.` : format.count(items.length, 'instrument');
    replace(list, items);
}

function rank(instrument, words) {
    const { name } = format.instrumentParts(instrument.toLowerCase());
    return name.startsWith(words) || instrument.toLowerCase().startsWith(words) ? 0 : 1;
}

function choiceOf(instrument, end) {
    const { kind, name } = format.instrumentParts(instrument);
    return el('li', null, el('a', { href: `#/watch?instrument=${encodeURIComponent(instrument)}`, class: 'list-row', onclick: (event) => { event.preventDefault(); choose(instrument); } },
        el('span', { class: 'list-main' }, el('span', { class: 'name' }, name), kind && el('span', { class: 'kind' }, kind)), end, icon('next', 18)));
}

function terms(instrument, signal) {
    const { kind, name } = format.instrumentParts(instrument);
    const context = el('div', { class: 'watch-context' });
    const form = thresholdForm({
        subscription: { instrument, low: null, high: null, rearm: 0, hold_ms: 0, cooldown_ms: 0, notify_cleared: false, label: null },
        saveWords: 'Start watching', isNew: true,
        onSave: async (fields) => {
            await write('POST', '/v1/subscriptions', { instrument, ...fields });
            say(`${name} is being watched.`);
            location.hash = to('instruments', instrument);
        },
    });
    fillWith(context, signal, () => skeleton(1, 'block'), async () => {
        const history = await lastValues(instrument, LINE_VALUES, signal);
        form.setHistory(history);
        return history.values.length === 0 ? el('p', { class: 'hint' }, 'It has had no value yet. You will be told as soon as one goes beyond your thresholds.') : about(history);
    }).catch(report);
    return el('div', null, el('h1', { tabindex: -1, 'data-title': `Watch ${name}` }, name, kind && el('span', { class: 'kind' }, kind)), context,
        el('div', { class: 'card card-padded' }, form.node));
}

function about({ times, values }) {
    const line = sparkline();
    line.draw(values, []);
    const decimals = format.decimalsOf(values);
    const low = format.number(Math.min(...values), decimals);
    const high = format.number(Math.max(...values), decimals);
    return el('div', { class: 'watch-about' }, line.node, el('dl', { class: 'facts' },
        fact('Last', format.number(values.at(-1), decimals)), fact('Lowest', low), fact('Highest', high),
        fact('Values', `${values.length} in ${format.duration(Math.max(1, times.at(-1) - times[0]))}`)));
}

function fact(name, value) {
    return el('div', null, el('dt', null, name), el('dd', { class: 'number' }, value));
}
