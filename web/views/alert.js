// The story of one alert: what the value did, which threshold decided, and who was told.
import { get } from '../core/api.js';
import { el } from '../core/dom.js';
import * as format from '../core/format.js';
import { lastValues, valuesBetween } from '../core/history.js';
import { icon } from '../core/icons.js';
import * as live from '../core/live.js';
import { to } from '../core/router.js';
import { sparkline } from '../core/sparkline.js';
import { alertVerb, channelWords, position } from '../core/words.js';
import { alertSign } from './alerts.js';
import { attemptList, deliveryState } from './deliveries.js';
import { fillWith, report, skeleton } from './states.js';

const AROUND_VALUES = 80;
const AROUND_MS = 3600000;
const LOOK_AGAIN_MS = 2000;
const LOOKS_MAX = 30;

export function alertView({ segments: [, id], signal }) {
    const content = el('div', { class: 'page page-narrow' });
    const back = () => el('a', { class: 'back', href: '#/alerts' }, icon('back', 18), 'Alerts');
    const waiting = () => [back(), el('h1', { tabindex: -1, 'data-title': 'Alert' }, 'Alert'), skeleton(4, 'block')];
    fillWith(content, signal, waiting, async () => {
        const { body } = await get(`/v1/alerts/${encodeURIComponent(id)}`, { mine: true, signal });
        return [back(), story(body, signal)];
    }, 'h1').then(() => content.querySelector('h1')?.focus({ preventScroll: true }));
    return content;
}

function story(alert, signal) {
    const { kind, name } = format.instrumentParts(alert.instrument);
    const told = el('div', { class: 'told' });
    drawTold(told, alert);
    follow(told, alert, signal);
    return el('article', { class: 'story' },
        el('header', { class: 'story-head' }, alertSign(alert),
            el('div', null, el('h1', { tabindex: -1 }, `${name} ${alertVerb(alert)}`),
                el('p', { class: 'muted' }, kind && el('span', { class: 'kind' }, kind), alert.label && el('span', { class: 'label' }, alert.label),
                    el('time', { class: 'number', datetime: new Date(alert.event_time_ms).toISOString() }, format.dateTime(alert.event_time_ms))))),
        around(alert, signal),
        el('ol', { class: 'timeline' },
            step('point', 'The value', valueWords(alert), [
                ['Value', format.number(alert.value)], alert.previous_value !== null && ['Before', format.number(alert.previous_value)], ['Event time', format.dateTime(alert.event_time_ms)],
            ]),
            step(alert.side === 'HIGH' ? 'up' : 'down', 'The decision', decisionWords(alert), [
                ['Threshold', format.number(alert.threshold)], ['Version of the subscription', alert.subscription_version], ['Cause', position(alert.cause)],
                alert.position && ['Recorded at', position(alert.position)], ['Alert', alert.alert_id],
            ]),
            el('li', { class: 'step' }, el('span', { class: 'step-icon' }, icon('mail', 18)), el('div', null, el('h2', null, 'The messages'), told))),
        el('div', { class: 'actions' }, el('a', { class: 'button', href: to('instruments', alert.instrument) }, 'Show the instrument')));
}

function step(iconName, title, words, facts) {
    return el('li', { class: 'step' }, el('span', { class: 'step-icon' }, icon(iconName, 18)),
        el('div', null, el('h2', null, title), el('p', null, words),
            el('dl', { class: 'facts' }, facts.filter(Boolean).map(([name, value]) => el('div', null, el('dt', null, name), el('dd', { class: 'number' }, String(value)))))));
}

function valueWords(alert) {
    const value = format.number(alert.value);
    if (alert.cause.topic === 'subscriptions') {
        return `The value stood at ${value} when the thresholds were changed.`;
    }
    return alert.previous_value === null ? `The first value was ${value}.` : `It went from ${format.number(alert.previous_value)} to ${value}.`;
}

function decisionWords(alert) {
    if (alert.edge === 'CLEARED') {
        return 'The value came back inside, which ended the violation.';
    }
    const what = alert.side === 'HIGH' ? 'That is above the high threshold' : 'That is below the low threshold';
    return alert.initial ? `${what}, as it had been from the first value that was judged.` : `${what}, which begins a violation.`;
}

// The values around it, with the threshold.
function around(alert, signal) {
    const node = el('figure', { class: 'card story-chart' }, skeleton(1, 'block'));
    const load = async () => {
        const at = alert.event_time_ms;
        let history = await valuesBetween(alert.instrument, Math.max(0, at - AROUND_MS), at + AROUND_MS, 5000, signal);
        if (history.values.length < 2) {
            history = await lastValues(alert.instrument, AROUND_VALUES, signal);
        }
        const middle = Math.max(0, history.times.findIndex((time) => time >= at));
        const from = Math.max(0, middle - AROUND_VALUES / 2);
        const values = history.values.slice(from, from + AROUND_VALUES);
        const line = sparkline();
        line.markAt(values, [alert.threshold], middle - from);
        const shown = history.times.slice(from, from + AROUND_VALUES);
        node.replaceChildren(line.node, el('figcaption', { class: 'number' }, el('span', null, format.clock(shown[0])),
            el('span', null, `Dashed: the threshold, ${format.number(alert.threshold)}`), el('span', null, format.clock(shown.at(-1)))));
    };
    load().catch((problem) => {
        report(problem);
        node.remove();
    });
    return node;
}

function drawTold(node, alert) {
    const { notifications = [] } = alert;
    if (notifications.length === 0) {
        const words = alert.suppressed === 'paused' ? 'Nobody was told: you had paused these thresholds.'
            : alert.suppressed ? 'Nobody was told: an earlier alert of the same kind was too recent (cooldown).'
            : alert.notify === false ? 'Nobody was told: you asked to be told of beginnings only.' : 'A message is being made.';
        node.replaceChildren(el('p', null, words));
        return;
    }
    node.replaceChildren(...notifications.map((notification) => el('div', { class: 'message-box' },
        el('p', { class: 'message-head' }, el('strong', null, `${channelWords(notification.channel)} to ${notification.address}`), deliveryState(notification)),
        notification.subject && el('p', { class: 'message-subject' }, notification.subject), attemptList(notification))));
}

// Looks again while a message is on its way.
function follow(node, alert, signal) {
    const isOpen = () => !alert.suppressed && alert.notify !== false
        && ((alert.notifications ?? []).length === 0 || alert.notifications.some(({ status }) => status === 'PENDING' || status === 'RETRY'));
    let looks = 0;
    const look = async () => {
        try {
            alert = (await get(`/v1/alerts/${encodeURIComponent(alert.alert_id)}`, { mine: true, signal })).body;
            drawTold(node, alert);
        } catch (problem) {
            report(problem);
        }
        looks += 1;
        if (!signal.aborted && isOpen() && looks < LOOKS_MAX) {
            timer = setTimeout(look, LOOK_AGAIN_MS);
        }
    };
    let timer = isOpen() ? setTimeout(look, LOOK_AGAIN_MS) : 0;
    signal.addEventListener('abort', () => clearTimeout(timer));
    live.watch([], { onGap: look }, signal);
}
