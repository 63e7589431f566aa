// Fields of forms: a label, a hint, and room for what is wrong with it.
import { el, uniqueId } from '../core/dom.js';
import * as format from '../core/format.js';
import { report } from './states.js';

// `pointer` is where its value stands in the body that is sent: a problem that points there, or below, is shown here.
export function field({ label, pointer, hint, input, unseenLabel = false, class: more = '' }) {
    const id = uniqueId('field');
    const hintId = `${id}-hint`;
    const errorId = `${id}-error`;
    const error = el('p', { class: 'field-error', id: errorId });
    input.id = id;
    const node = el('div', { class: `field ${more}` },
        el('label', { for: id, class: unseenLabel ? 'unseen' : '' }, label), input.wrapper ?? input,
        hint && el('p', { class: 'hint', id: hintId }, hint), error);
    const describe = (wrong) => {
        const ids = [wrong && errorId, hint && hintId].filter(Boolean).join(' ');
        if (ids) {
            input.setAttribute('aria-describedby', ids);
        } else {
            input.removeAttribute('aria-describedby');
        }
    };
    const setError = (words) => {
        error.textContent = words ?? '';
        node.classList.toggle('is-wrong', Boolean(words));
        if (words) {
            input.setAttribute('aria-invalid', 'true');
        } else {
            input.removeAttribute('aria-invalid');
        }
        describe(Boolean(words));
    };
    describe(false);
    input.addEventListener('input', () => setError(null));
    return { node, input, pointer, setError };
}

export function textInput(attributes) {
    return el('input', { type: 'text', class: 'input', autocomplete: 'off', ...attributes });
}

// A number with any decimals; read with numberOf().
export function numberInput(value, attributes) {
    return el('input', { type: 'number', step: 'any', inputmode: 'decimal', class: 'input number', value: value ?? null, autocomplete: 'off', ...attributes });
}

// The number in an input: null when it is empty, NaN when it is none.
export function numberOf(input) {
    return input.validity.badInput ? NaN : input.value.trim() === '' ? null : Number(input.value);
}

const UNITS = [['seconds', 1000], ['minutes', 60000], ['hours', 3600000], ['days', 86400000]];

// A duration as a count and a unit. `read()` gives ms.
export function durationInput(ms, label) {
    const whole = format.wholeUnit(ms);
    const known = UNITS.some(([, size]) => size === whole.ms);
    const count = numberInput(known ? whole.count : ms / 1000, { min: 0 });
    const unit = el('select', { class: 'input', 'aria-label': `Unit of ${label}` },
        UNITS.map(([words, size]) => el('option', { value: size, selected: known ? size === whole.ms : size === 1000 }, words)));
    count.wrapper = el('div', { class: 'joined' }, count, unit);
    unit.addEventListener('change', () => count.dispatchEvent(new Event('input', { bubbles: true })));
    return { input: count, read: () => Math.round((numberOf(count) ?? 0) * Number(unit.value)) };
}

// Shows a problem at the field that it points at, else in `message`. Moves the focus there.
export function showProblem(problem, fields, message) {
    report(problem);
    const at = fields.find(({ pointer }) => pointer && problem.pointer && (problem.pointer === pointer || problem.pointer.startsWith(`${pointer}/`)));
    message.textContent = at ? '' : problem.message;
    message.hidden = Boolean(at);
    if (at) {
        at.setError(problem.message);
        at.input.closest('details')?.setAttribute('open', '');
        at.input.focus();
    }
}

export function clearProblems(fields, message) {
    message.hidden = true;
    message.textContent = '';
    for (const one of fields) {
        one.setError(null);
    }
}

export function messageArea() {
    return el('p', { class: 'form-error', role: 'alert', hidden: true });
}

// Runs `work` with the button at rest, so that nothing is sent twice.
export async function busy(button, work) {
    if (button.getAttribute('aria-disabled') === 'true') {
        return;
    }
    button.setAttribute('aria-disabled', 'true');
    button.classList.add('is-busy');
    try {
        await work();
    } finally {
        button.removeAttribute('aria-disabled');
        button.classList.remove('is-busy');
    }
}
