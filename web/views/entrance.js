// Log in and register: the two pages for those whom we do not know yet.
import { logIn, write } from '../core/api.js';
import { el, svg } from '../core/dom.js';
import { icon, mark } from '../core/icons.js';
import * as format from '../core/format.js';
import * as theme from '../core/theme.js';
import { busy, clearProblems, field, messageArea, showProblem, textInput } from './fields.js';

const PASSWORD_BYTES_MIN = 8;

// What the page is about, drawn: a value moves, crosses a line, and one message goes out.
function picture() {
    return svg('svg', { viewBox: '0 0 480 300', class: 'entrance-picture', 'aria-hidden': 'true' },
        svg('path', { class: 'picture-grid', d: 'M0 60H480M0 120H480M0 180H480M0 240H480' }),
        svg('path', { class: 'picture-threshold', d: 'M0 112H480' }),
        svg('path', { class: 'picture-area', d: 'M0 236L38 222 76 230 114 196 152 206 190 170 228 184 266 140 304 152 338 112 360 84 398 70 436 88 480 58V300H0Z' }),
        svg('path', { class: 'picture-line', d: 'M0 236L38 222 76 230 114 196 152 206 190 170 228 184 266 140 304 152 338 112 360 84 398 70 436 88 480 58' }),
        svg('circle', { class: 'picture-ring', cx: 338, cy: 112, r: 15 }),
        svg('circle', { class: 'picture-dot', cx: 338, cy: 112, r: 6 }));
}

function page(title, words, form, other) {
    return el('div', { class: 'entrance' },
        el('aside', { class: 'entrance-side' },
            el('p', { class: 'brand' }, mark(30), 'soglia'),
            picture(),
            el('p', { class: 'entrance-claim' }, 'Watches values that move.', el('br'), 'Tells you once, with proof.')),
        el('div', { class: 'entrance-main' },
            el('p', { class: 'brand entrance-brand' }, mark(30), 'soglia'),
            el('button', { class: 'icon-button entrance-theme', type: 'button', 'aria-label': 'Switch between light and dark', onclick: () => theme.toggle() }, icon('sun')),
            el('div', { class: 'entrance-form' }, el('h1', { tabindex: -1 }, title), words && el('p', { class: 'notice', role: 'status' }, words), form, other)));
}

function passwordField(autocomplete, hint) {
    const input = textInput({ type: 'password', name: 'password', autocomplete, required: true, maxlength: 1024 });
    const show = el('button', {
        class: 'button-quiet', type: 'button', 'aria-pressed': 'false',
        onclick: () => {
            const hidden = input.type === 'password';
            input.type = hidden ? 'text' : 'password';
            show.textContent = hidden ? 'Hide' : 'Show';
            show.setAttribute('aria-pressed', String(hidden));
        },
    }, 'Show');
    input.wrapper = el('div', { class: 'with-button' }, input, show);
    return field({ label: 'Password', pointer: '/password', hint, input });
}

function emailField() {
    return field({
        label: 'E-mail', pointer: '/email',
        input: textInput({ type: 'email', name: 'email', autocomplete: 'username', required: true, maxlength: 254, spellcheck: 'false', autocapitalize: 'none' }),
    });
}

const NOTICES = {
    refused: 'You were logged out. Log in again to go on where you were.',
    left: 'You are logged out.',
    deleted: 'Your account and all its alerts have been deleted.',
};

export function logInView({ parameters, onEntered }) {
    const email = emailField();
    const password = passwordField('current-password');
    const message = messageArea();
    const button = el('button', { class: 'button button-main', type: 'submit' }, 'Log in');
    const form = el('form', {
        novalidate: true,
        onsubmit: (event) => {
            event.preventDefault();
            clearProblems([email, password], message);
            busy(button, () => logIn(email.input.value.trim(), password.input.value).then(onEntered)
                .catch((problem) => {
                    showProblem(problem, [email, password], message);
                    password.input.select();
                }));
        },
    }, message, email.node, password.node, button);
    const next = parameters.get('next');
    return page('Log in', NOTICES[parameters.get('why')], form,
        el('p', { class: 'entrance-other' }, 'New here? ', el('a', { href: `#/register${next ? `?next=${encodeURIComponent(next)}` : ''}` }, 'Make an account')));
}

export function registerView({ onEntered }) {
    const name = field({ label: 'Name', pointer: '/display_name', hint: 'Optional. Mails greet you with it.', input: textInput({ name: 'name', autocomplete: 'name', maxlength: 128 }) });
    const email = emailField();
    const password = passwordField('new-password', 'At least 8 characters, and not one that everybody uses.');
    const message = messageArea();
    const button = el('button', { class: 'button button-main', type: 'submit' }, 'Make account');
    const fields = [name, email, password];
    const register = async () => {
        const body = {
            email: email.input.value.trim(), password: password.input.value, time_zone: format.currentZone(),
            channels: [{ kind: 'EMAIL', address: email.input.value.trim() }],
        };
        if (name.input.value.trim() !== '') {
            body.display_name = name.input.value.trim();
        }
        await write('POST', '/v1/users', body, { anonymous: true });
        await logIn(body.email, body.password);
        onEntered();
    };
    const form = el('form', {
        novalidate: true,
        onsubmit: (event) => {
            event.preventDefault();
            clearProblems(fields, message);
            const fault = faultOf(email.input, password.input);
            if (fault) {
                showProblem(fault, fields, message);
                return;
            }
            busy(button, () => register().catch((problem) => showProblem(problem, fields, message)));
        },
    }, message, name.node, email.node, password.node, button);
    return page('Make an account', null, form, el('p', { class: 'entrance-other' }, 'You have one? ', el('a', { href: '#/login' }, 'Log in')));
}

function faultOf(email, password) {
    if (!email.checkValidity()) {
        return { status: 400, pointer: '/email', message: 'Give the e-mail address that alerts go to.' };
    }
    if (new TextEncoder().encode(password.value).length < PASSWORD_BYTES_MIN) {
        return { status: 400, pointer: '/password', message: `Give at least ${PASSWORD_BYTES_MIN} characters.` };
    }
    return null;
}
