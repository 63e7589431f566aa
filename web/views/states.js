// What every view needs beside its data: waiting, nothing there, something wrong, and short messages.
import { el, replace } from '../core/dom.js';
import { icon } from '../core/icons.js';

const TOAST_MS = 6000;
const TOASTS_MAX = 3;

// Grey bars in the shape of what is to come.
export function skeleton(rows, kind = 'row') {
    return el('div', { class: `skeleton skeleton-${kind}s`, role: 'status' },
        el('span', { class: 'unseen' }, 'Loading'),
        Array.from({ length: rows }, () => el('div', { class: `skeleton-${kind}`, 'aria-hidden': 'true' })));
}

export function empty(iconName, title, words, action) {
    return el('div', { class: 'empty' }, el('span', { class: 'empty-icon' }, icon(iconName, 28)), el('h2', null, title), el('p', null, words), action);
}

// A problem in the place of what could not be loaded, with a way to try again.
export function failed(problem, again, heading = 'h2') {
    const words = problem.message.replace(/^./, (first) => first.toUpperCase());
    const title = problem.isOffline ? 'You are offline, or the server is' : problem.status === 404 ? 'There is nothing here' : 'This could not be loaded';
    return el('div', { class: 'empty', role: 'alert' }, el('span', { class: 'empty-icon' }, icon(problem.isOffline ? 'clock' : 'cross', 28)),
        el(heading, { tabindex: heading === 'h1' && -1 }, title), el('p', null, words),
        problem.status === 404 ? el('a', { class: 'button', href: '#/' }, 'To the overview')
            : again && el('button', { class: 'button', type: 'button', onclick: again }, 'Try again'));
}

// Fills `node` with what `load` gives: bars first, then its answer or its problem. Ends silently with the signal. `heading` is 'h1' where
// the page's own heading is part of what is loaded.
export async function fillWith(node, signal, waiting, load, heading) {
    replace(node, waiting());
    try {
        const answer = await load();
        if (!signal.aborted) {
            replace(node, answer);
        }
    } catch (problem) {
        if (!signal.aborted) {
            report(problem);
            replace(node, failed(problem, () => fillWith(node, signal, waiting, load, heading), heading));
        }
    }
}

// What is no problem of the interface is a fault of this page.
export function report(problem) {
    if (problem.status === undefined) {
        console.error(problem);
    }
}

const toasts = el('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

export function toastArea() {
    return toasts;
}

// A short message; `action` may be {words, run}. A bad one stays until it is closed.
export function say(words, { tone = 'good', action } = {}) {
    const close = () => toast.remove();
    const toast = el('div', { class: `toast toast-${tone}` }, icon(tone === 'bad' ? 'cross' : tone === 'alert' ? 'bell' : 'check', 18),
        el('p', null, words),
        action && el('a', { class: 'toast-action', href: action.href, onclick: close }, action.words),
        el('button', { class: 'icon-button', type: 'button', 'aria-label': 'Close message', onclick: close }, icon('cross', 16)));
    toasts.append(toast);
    while (toasts.children.length > TOASTS_MAX) {
        toasts.firstChild.remove();
    }
    if (tone !== 'bad') {
        setTimeout(close, TOAST_MS);
    }
}

// Asks before something that cannot be taken back; resolves to whether it was confirmed.
export function confirm({ title, words, confirmWords, body }) {
    return new Promise((resolve) => {
        const id = 'dialog-title';
        const dialog = el('dialog', { class: 'dialog', 'aria-labelledby': id, onclose: () => { dialog.remove(); resolve(dialog.returnValue === 'yes'); } },
            el('form', { method: 'dialog' }, el('h2', { id }, title), el('p', null, words), body,
                el('div', { class: 'actions' },
                    el('button', { class: 'button', value: 'no', autofocus: true }, 'Cancel'),
                    el('button', { class: 'button button-danger', value: 'yes' }, confirmWords))));
        document.body.append(dialog);
        dialog.showModal();
    });
}
