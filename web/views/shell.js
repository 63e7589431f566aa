// What stands around every page: name, navigation, whether values are live, theme, log out.
import { el } from '../core/dom.js';
import { icon, mark } from '../core/icons.js';
import * as live from '../core/live.js';
import * as theme from '../core/theme.js';
import { toastArea } from './states.js';

const PLACES = [
    { hash: '#/', name: 'Overview', icon: 'overview', of: ['', 'instruments', 'watch'] },
    { hash: '#/alerts', name: 'Alerts', icon: 'bell', of: ['alerts'] },
    { hash: '#/deliveries', name: 'Deliveries', icon: 'mail', of: ['deliveries'] },
    { hash: '#/account', name: 'Account', icon: 'person', of: ['account'] },
];

const STATES = {
    live: 'Live', connecting: 'Connecting', polling: 'Every 3 s', offline: 'Offline', idle: 'Idle',
};

export function shell({ onLeave }) {
    const main = el('main', { id: 'main' });
    const links = PLACES.map((place) => ({ place, link: el('a', { href: place.hash, class: 'nav-link' }, icon(place.icon), el('span', null, place.name)) }));
    const themeButton = el('button', { class: 'icon-button', type: 'button', onclick: () => theme.toggle() });
    const state = el('p', { class: 'live', role: 'status' });
    const bar = el('header', { class: 'bar' },
        el('a', { class: 'brand', href: '#/' }, mark(), 'soglia'),
        el('nav', { class: 'nav', 'aria-label': 'Pages' }, links.map(({ link }) => link)),
        el('div', { class: 'bar-end' }, state, themeButton,
            el('button', { class: 'icon-button', type: 'button', 'aria-label': 'Log out', title: 'Log out', onclick: onLeave }, icon('leave'))));
    const foot = el('footer', { class: 'foot' }, el('p', null, 'soglia tells you once, on time, with proof.'),
        el('p', null, el('a', { href: '/api' }, 'HTTP interface'), ' · ', el('a', { href: new URL('../uplot/LICENSE.txt', import.meta.url).pathname }, 'uPlot’s licence')));
    const node = el('div', { class: 'shell' },
        el('a', { class: 'skip', href: '#main', onclick: (event) => { event.preventDefault(); main.querySelector('h1')?.focus(); } }, 'Skip to the content'),
        bar, el('div', { class: 'offline-words', role: 'alert', hidden: true }), main, foot, toastArea());

    const drawTheme = () => {
        const words = theme.isDark() ? 'Switch to light' : 'Switch to dark';
        themeButton.setAttribute('aria-label', words);
        themeButton.title = words;
        themeButton.replaceChildren(icon(theme.isDark() ? 'sun' : 'moon'));
    };
    drawTheme();
    theme.onChange(drawTheme);
    live.onState((name) => showState(state, node.querySelector('.offline-words'), name));

    const setPlace = (segment) => {
        for (const { place, link } of links) {
            if (place.of.includes(segment)) {
                link.setAttribute('aria-current', 'page');
            } else {
                link.removeAttribute('aria-current');
            }
        }
    };
    return { node, main, bar, foot, setPlace };
}

function showState(state, words, name) {
    state.className = `live live-${name}`;
    state.replaceChildren(el('span', { class: 'live-dot', 'aria-hidden': 'true' }), el('span', { class: 'live-words' }, STATES[name]));
    words.hidden = name !== 'offline';
    words.textContent = name === 'offline' ? 'No connection to the server. Values stand still; we keep trying.' : '';
}
