// The beginning: which page stands at which address, and who may see it.
import { get, renewWhenDue } from './api.js';
import { el, replace } from './dom.js';
import * as format from './format.js';
import * as live from './live.js';
import { parse, redirect, to } from './router.js';
import * as session from './session.js';
import { alertWords } from './words.js';
import { accountView } from '../views/account.js';
import { alertView } from '../views/alert.js';
import { alertsView } from '../views/alerts.js';
import { deliveriesView } from '../views/deliveries.js';
import { logInView, registerView } from '../views/entrance.js';
import { instrumentView } from '../views/instrument.js';
import { overviewView } from '../views/overview.js';
import { shell } from '../views/shell.js';
import { empty, say } from '../views/states.js';
import { watchView } from '../views/watch.js';

const RENEW_LOOK_MS = 5000;

const VIEWS = [
    { path: [], view: overviewView },
    { path: ['watch'], view: watchView },
    { path: ['instruments', '*'], view: instrumentView },
    { path: ['alerts'], view: alertsView },
    { path: ['alerts', '*'], view: alertView },
    { path: ['deliveries'], view: deliveriesView },
    { path: ['account'], view: accountView },
];
const ENTRANCES = { login: logInView, register: registerView };

let frame = null; // The shell, while somebody is logged in.
let current = null; // The AbortController of the page that is shown.
let alertsWatch = null;

function viewOf(segments) {
    return VIEWS.find(({ path }) => path.length === segments.length && path.every((part, i) => part === '*' || part === segments[i]))?.view;
}

function notFound() {
    return el('div', { class: 'page' }, el('h1', { tabindex: -1 }, 'No such page'), empty('search', 'This address leads nowhere', 'The page may have moved.', el('a', { class: 'button', href: '#/' }, 'To the overview')));
}

function enter(parameters) {
    const next = parameters.get('next') ?? '#/';
    redirect(next.startsWith('#/') ? next : '#/');
}

function showEntrance(name, parameters) {
    frame = null;
    const node = el('main', null, ENTRANCES[name]({ parameters, onEntered: () => enter(parameters) }));
    document.body.replaceChildren(node);
    settle(node);
    node.querySelector('input')?.focus();
}

function show() {
    const { segments, parameters } = parse(location.hash);
    const entrance = segments.length === 1 && Object.hasOwn(ENTRANCES, segments[0]) ? segments[0] : null;
    if (!session.isLoggedIn() && !entrance) {
        redirect(`${to('login')}${location.hash.length > 2 ? `?next=${encodeURIComponent(location.hash)}` : ''}`);
        return;
    }
    if (session.isLoggedIn() && entrance) {
        redirect('#/');
        return;
    }
    current?.abort(new DOMException('left', 'AbortError'));
    current = new AbortController();
    if (entrance) {
        showEntrance(entrance, parameters);
        return;
    }
    frame ?? enterFrame();
    const view = viewOf(segments);
    const node = view ? view({ segments, parameters, signal: current.signal }) : notFound();
    replace(frame.main, node);
    frame.setPlace(segments[0] ?? '');
    settle(frame.main);
}

// A new page begins at its top and its heading, for eyes and for screen readers.
function settle(node) {
    const heading = node.querySelector('h1');
    document.title = heading ? `${heading.dataset.title ?? heading.textContent} · soglia` : 'soglia';
    window.scrollTo(0, 0);
    heading?.focus({ preventScroll: true });
}

function enterFrame() {
    frame = shell({ onLeave: () => session.end('left') });
    document.body.replaceChildren(frame.node);
    alertsWatch = new AbortController();
    live.watch([], { onAlert: tellAlert }, alertsWatch.signal);
    get('/v1/users/me', { mine: true, signal: alertsWatch.signal }).then(({ body }) => {
        const known = format.currentZone();
        format.setZone(body.time_zone);
        if (format.currentZone() !== known) {
            show();
        }
    }).catch(() => {});
}

function tellAlert(alert) {
    if (!alert.suppressed) {
        say(alertWords(alert), { tone: 'alert', action: { words: 'See', href: to('alerts', alert.alert_id) } });
    }
}

session.onChange((what) => {
    if (what === 'begun') {
        return;
    }
    alertsWatch?.abort();
    live.stop();
    const next = what === 'refused' && location.hash.length > 2 ? `&next=${encodeURIComponent(location.hash)}` : '';
    redirect(`${to('login')}?why=${what}${next}`);
});

addEventListener('hashchange', show);
setInterval(renewWhenDue, RENEW_LOOK_MS);
show();
