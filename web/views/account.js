// My account: name, time zone, where messages go, password, and its end.
import { get, patch, write } from '../core/api.js';
import { el } from '../core/dom.js';
import * as format from '../core/format.js';
import { icon } from '../core/icons.js';
import * as session from '../core/session.js';
import { busy, clearProblems, field, messageArea, showProblem, textInput } from './fields.js';
import { fillWith, say, skeleton } from './states.js';

const ME = '/v1/users/me';
const KINDS = { EMAIL: 'Mail', WEBHOOK: 'Webhook' };
const CHANNELS_MAX = 8;

export function accountView({ signal }) {
    const content = el('div');
    fillWith(content, signal, () => skeleton(4, 'block'), async () => {
        const answer = await get(ME, { mine: true, signal });
        return new Account(answer, signal).sections();
    });
    return el('div', { class: 'page page-narrow' }, el('h1', { tabindex: -1 }, 'Account'), content);
}

class Account {
    constructor({ body, etag }, signal) {
        this.signal = signal;
        this.take(body, etag);
    }

    take(user, etag) {
        this.user = user;
        this.etag = etag ?? `"${user.version}"`;
    }

    sections() {
        this.channelArea = el('div');
        this.drawChannels();
        return [
            section('Profile', this.profile()), section('Where messages go', this.channelArea),
            section('Password', this.password()), section('Delete account', this.deletion()),
        ];
    }

    // Sends a change of the user. One that somebody else made meanwhile is taken over and told.
    async change(changes) {
        try {
            const answer = await patch(ME, changes, this.etag);
            const fresh = answer.body?.user_id ? answer : await get(ME, { mine: true, signal: this.signal });
            this.take(fresh.body, fresh.etag);
        } catch (problem) {
            if (problem.status !== 412) {
                throw problem;
            }
            const { body, etag } = await get(ME, { mine: true, signal: this.signal });
            this.take(body, etag);
            throw Object.assign(problem, { message: 'Your account was changed elsewhere in the meantime. Look it over and save again.', pointer: null });
        }
    }

    profile() {
        const name = field({ label: 'Name', pointer: '/display_name', input: textInput({ value: this.user.display_name ?? '', maxlength: 128, autocomplete: 'name' }) });
        const zones = [...new Set(['UTC', this.user.time_zone, ...Intl.supportedValuesOf('timeZone')])];
        const zone = field({
            label: 'Time zone', pointer: '/time_zone', hint: 'For the times on this page and in mails.',
            input: el('select', { class: 'input' }, zones.map((one) => el('option', { value: one, selected: one === this.user.time_zone }, one.replaceAll('_', ' ')))),
        });
        const email = el('p', { class: 'fixed-field' }, el('span', { class: 'label-like' }, 'E-mail'), this.user.email);
        return form([name, zone], 'Save', [email, name.node, zone.node], async () => {
            await this.change({ display_name: name.input.value.trim() || null, time_zone: zone.input.value });
            format.setZone(this.user.time_zone);
            say('Saved.');
        });
    }

    // Channels are one list that is sent whole: each change is one.

    drawChannels() {
        const { channels } = this.user;
        const message = messageArea();
        const list = el('ul', { class: 'list channel-list' }, channels.map((channel, i) => this.channel(channel, i, message)));
        this.channelArea.replaceChildren(...[message, channels.length > 0 ? list : el('p', { class: 'hint' }, 'Nobody is told: there is no address yet.'),
            channels.length < CHANNELS_MAX ? this.newChannel() : ''].filter(Boolean));
    }

    channel({ kind, address, signing_secret: secret }, i, message) {
        const remove = el('button', {
            class: 'icon-button', type: 'button', 'aria-label': `Remove ${address}`, title: 'Remove',
            onclick: () => busy(remove, () => this.setChannels(this.user.channels.filter((_, at) => at !== i)).catch((problem) => showProblem(problem, [], message))),
        }, icon('cross', 18));
        return el('li', { class: 'list-row channel' }, el('span', { class: 'sign' }, icon(kind === 'WEBHOOK' ? 'hook' : 'mail', 18)),
            el('span', { class: 'list-main' }, el('span', { class: 'address' }, address), el('span', { class: 'list-about' }, KINDS[kind] ?? kind), secret && secretBox(secret)), remove);
    }

    newChannel() {
        const kind = field({
            label: 'Kind', pointer: null,
            input: el('select', { class: 'input' }, Object.entries(KINDS).map(([value, words]) => el('option', { value }, words))),
        });
        const input = textInput({ maxlength: 2048, spellcheck: 'false', autocapitalize: 'none', required: true });
        const address = field({ label: 'Address', pointer: '/channels', hint: 'An e-mail address, or an https address that takes webhooks.', input });
        return form([address], 'Add', [el('div', { class: 'pair pair-uneven' }, kind.node, address.node)], async () => {
            await this.setChannels([...this.user.channels, { kind: kind.input.value, address: address.input.value.trim() }]);
        });
    }

    async setChannels(channels) {
        await this.change({ channels: channels.map(({ kind, address }) => ({ kind, address })) });
        this.drawChannels();
        say('Saved.');
    }

    password() {
        const current = field({ label: 'Current password', pointer: '/current_password', input: textInput({ type: 'password', autocomplete: 'current-password', maxlength: 1024 }) });
        const fresh = field({ label: 'New password', pointer: '/password', hint: 'At least 8 characters, and not one that everybody uses.', input: textInput({ type: 'password', autocomplete: 'new-password', maxlength: 1024 }) });
        return form([current, fresh], 'Change password', [el('div', { class: 'pair pair-passwords' }, current.node, fresh.node)], async () => {
            await this.change({ password: fresh.input.value, current_password: current.input.value });
            current.input.value = '';
            fresh.input.value = '';
            say('Your password has been changed.');
        });
    }

    deletion() {
        const typed = field({ label: `Type ${this.user.email} to confirm`, pointer: null, input: textInput({ spellcheck: 'false', autocapitalize: 'none' }) });
        return form([typed], 'Delete my account', [el('p', { class: 'hint' }, 'All your thresholds end at once and nothing more is sent. This cannot be taken back.'), typed.node], async () => {
            if (typed.input.value.trim().toLowerCase() !== this.user.email.toLowerCase()) {
                typed.setError('This is not the address of this account.');
                typed.input.focus();
                return;
            }
            await write('DELETE', ME, undefined, { etag: this.etag });
            session.end('deleted');
        }, 'button-danger');
    }
}

function section(title, body) {
    return el('section', { class: 'card card-padded settings' }, el('h2', null, title), body);
}

function form(fields, words, children, work, kind = 'button-main') {
    const message = messageArea();
    const button = el('button', { class: `button ${kind}`, type: 'submit' }, words);
    return el('form', {
        novalidate: true,
        onsubmit: (event) => {
            event.preventDefault();
            clearProblems(fields, message);
            busy(button, () => work().catch((problem) => showProblem(problem, fields, message)));
        },
    }, message, children, el('div', { class: 'actions' }, button));
}

// The secret with which a webhook's signature is checked: hidden until it is asked for.
function secretBox(secret) {
    const text = el('code', { class: 'secret' }, '••••••••••••');
    const show = el('button', {
        class: 'button-quiet', type: 'button', 'aria-expanded': 'false',
        onclick: () => {
            const shown = show.getAttribute('aria-expanded') === 'true';
            text.textContent = shown ? '••••••••••••' : secret;
            show.textContent = shown ? 'Show' : 'Hide';
            show.setAttribute('aria-expanded', String(!shown));
        },
    }, 'Show');
    const copy = el('button', {
        class: 'button-quiet', type: 'button',
        onclick: () => navigator.clipboard?.writeText(secret).then(() => say('The signing secret has been copied.')).catch(() => show.click()),
    }, icon('copy', 16), 'Copy');
    return el('span', { class: 'secret-row' }, el('span', { class: 'muted' }, 'Signing secret'), text, show, copy);
}
