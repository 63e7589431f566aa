// All messages to me, newest first, with every attempt to deliver them.
import { el } from '../core/dom.js';
import * as format from '../core/format.js';
import { icon } from '../core/icons.js';
import * as live from '../core/live.js';
import { to } from '../core/router.js';
import { channelWords, outcome } from '../core/words.js';
import { PageList } from './page_list.js';

const SETTLE_MS = 1500; // A message is made and sent a moment after its alert.

export function deliveryState(notification) {
    const { words, tone } = outcome(notification.status);
    return el('span', { class: `state state-${tone}` }, words);
}

// What was tried, in the order of time.
export function attemptList(notification) {
    const deliveries = notification.deliveries ?? [];
    if (deliveries.length === 0) {
        return el('p', { class: 'muted' }, 'No attempt has ended yet.');
    }
    return el('ol', { class: 'attempts' }, deliveries.map((delivery) => el('li', { class: 'number' },
        el('span', { class: `state state-${outcome(delivery.outcome).tone}` }, outcome(delivery.outcome).words),
        el('time', { class: 'muted' }, delivery.at_ms ? format.moment(delivery.at_ms) : delivery.at),
        el('span', { class: 'reply' }, replyWords(delivery)),
        nextWords(delivery))));
}

// What the receiving side answered; the reply of a mail server begins with its code.
function replyWords({ code, reply }) {
    return [code && !reply?.startsWith(String(code)) && code, reply].filter(Boolean).join(' ');
}

function nextWords(delivery) {
    const next = delivery.next_attempt_at_ms ?? Date.parse(delivery.next_attempt_at ?? '');
    return Number.isFinite(next) && delivery.outcome === 'RETRY' ? el('span', { class: 'muted' }, `next try ${format.moment(next)}`) : null;
}

function item(notification) {
    return el('li', null, el('details', { class: 'delivery' },
        el('summary', { class: 'list-row' },
            el('span', { class: 'sign' }, icon(notification.channel === 'WEBHOOK' ? 'hook' : 'mail', 18)),
            el('span', { class: 'list-main' }, el('span', null, notification.subject),
                el('span', { class: 'list-about' }, el('span', null, `${channelWords(notification.channel)} to ${notification.address}`))),
            el('span', { class: 'list-end' }, deliveryState(notification), el('time', { class: 'muted number' }, format.moment(notification.created_at_ms)))),
        el('div', { class: 'delivery-body' }, attemptList(notification),
            notification.body_text && el('pre', { class: 'mail', tabindex: 0, 'aria-label': 'The message' }, notification.body_text),
            el('p', { class: 'hint' }, (notification.alert_ids ?? []).map((id, i) => [i > 0 && ', ', el('a', { href: to('alerts', id) }, i === 0 ? 'The alert’s story' : `alert ${i + 1}`)])))));
}

export function deliveriesView({ signal }) {
    const list = new PageList({
        path: '/v1/notifications', name: 'notifications', signal, item,
        none: ['mail', 'Nothing has been sent', 'Mails and webhooks to you stand here, with what the receiving side answered.'],
    });
    let soon = 0;
    live.watch([], { onAlert: () => { clearTimeout(soon); soon = setTimeout(() => list.reload(), SETTLE_MS); }, onGap: () => list.reload() }, signal);
    return el('div', { class: 'page page-narrow' }, el('div', { class: 'page-head' }, el('h1', { tabindex: -1 }, 'Deliveries')), el('div', { class: 'card' }, list.node));
}
