// All my alerts, newest first.
import { all } from '../core/api.js';
import { el } from '../core/dom.js';
import * as format from '../core/format.js';
import { icon } from '../core/icons.js';
import * as live from '../core/live.js';
import { to } from '../core/router.js';
import { alertVerb, quietWords } from '../core/words.js';
import { PageList } from './page_list.js';

const SETTLE_MS = 400;

// An alert as one line; `words` say what happened when the instrument is clear from where it stands.
export function alertItem(alert, words) {
    const { kind, name } = format.instrumentParts(alert.instrument);
    return el('li', null, el('a', { class: `list-row alert-row${alert.suppressed ? ' is-suppressed' : ''}`, href: to('alerts', alert.alert_id), 'data-alert': alert.alert_id },
        alertSign(alert),
        el('span', { class: 'list-main' },
            words ? el('span', null, words.replace(/^./, (first) => first.toUpperCase())) : el('span', null, el('span', { class: 'name' }, name), ' ', alertVerb(alert)),
            el('span', { class: 'list-about' }, !words && kind && el('span', { class: 'kind' }, kind), alert.label && el('span', { class: 'label' }, alert.label),
                alert.suppressed && el('span', null, quietWords(alert)), alert.initial && el('span', null, 'from the first value on'))),
        el('span', { class: 'list-end number' }, el('span', null, format.number(alert.value)), el('time', { class: 'muted', datetime: new Date(alert.event_time_ms).toISOString() }, format.moment(alert.event_time_ms)))));
}

export function alertSign(alert) {
    const kind = alert.edge === 'CLEARED' ? 'cleared' : alert.side.toLowerCase();
    return el('span', { class: `sign sign-${kind}` }, icon(kind === 'cleared' ? 'check' : kind === 'high' ? 'up' : 'down', 18));
}

export function alertsView({ parameters, signal }) {
    const chosen = parameters.get('instrument') ?? '';
    const list = new PageList({
        path: '/v1/alerts', name: 'alerts', query: { instrument: chosen || undefined }, signal, item: (alert) => alertItem(alert),
        none: chosen ? ['bell', 'No alerts of this instrument', 'None of your thresholds for it has been crossed.']
            : ['bell', 'No alerts yet', 'When a value goes beyond your thresholds, you get a message, and its story stands here.'],
    });
    const select = el('select', { class: 'input', id: 'alerts-instrument', onchange: () => { location.hash = select.value ? `#/alerts?instrument=${encodeURIComponent(select.value)}` : '#/alerts'; } },
        el('option', { value: '' }, 'All instruments'), chosen && el('option', { value: chosen, selected: true }, chosen));
    all('/v1/subscriptions', 'subscriptions', { mine: true, signal }).then((subscriptions) => {
        const names = [...new Set(subscriptions.map(({ instrument }) => instrument))].filter((name) => name !== chosen).sort();
        select.append(...names.map((name) => el('option', { value: name }, name)));
    }).catch(() => {});
    let soon = 0;
    live.watch([], { onAlert: () => { clearTimeout(soon); soon = setTimeout(() => list.reload(), SETTLE_MS); }, onGap: () => list.reload() }, signal);
    return el('div', { class: 'page page-narrow' },
        el('div', { class: 'page-head' }, el('h1', { tabindex: -1 }, 'Alerts'),
            el('div', { class: 'filter' }, el('label', { for: 'alerts-instrument', class: 'unseen' }, 'Instrument'), select)),
        el('div', { class: 'card' }, list.node));
}
