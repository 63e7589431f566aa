// Alerts as marks on a chart, each a link to its story. One of them is in the order of the Tab key; arrows go from one to the next.
import { el } from './dom.js';
import * as format from './format.js';
import { to } from './router.js';
import { alertWords } from './words.js';

const MARKS_MAX = 120;
const APART = 25; // Pixels between two links, so that a finger meets the one it means. The others are dots; all stand in the list.

export class ChartMarks {
    constructor(chart) {
        this.chart = chart;
        this.node = el('div', { class: 'marks', role: 'group', 'aria-label': 'Alerts on the chart', onkeydown: (event) => this.key(event) });
        this.alerts = [];
        this.links = [];
    }

    // Alerts of this instrument, newest first.
    setAlerts(alerts) {
        this.alerts = alerts;
        this.made = false;
        this.place();
    }

    place() {
        const { over } = this.chart;
        if (!over) {
            return;
        }
        if (this.node.parentNode !== over) {
            over.append(this.node);
        }
        if (!this.made) {
            this.make();
        }
        const [width, height] = this.chart.size;
        const taken = [];
        // The newest first: where there is no room for more links, it is the one that stays.
        for (const { link, dot, alert } of [...this.links].reverse()) {
            const left = this.chart.left(alert.event_time_ms);
            const top = this.chart.top(alert.value);
            const outside = left < -1 || left > width + 1 || top < -1 || top > height + 1;
            const crowded = taken.some(([x, y]) => Math.abs(x - left) < APART && Math.abs(y - top) < APART);
            link.hidden = outside || crowded;
            dot.hidden = outside || !crowded;
            (crowded ? dot : link).style.transform = `translate(${left}px, ${top}px)`;
            if (!link.hidden) {
                taken.push([left, top]);
            }
        }
        const shown = this.links.filter(({ link }) => !link.hidden);
        this.node.hidden = shown.length === 0;
        if (!shown.some(({ link }) => link.tabIndex === 0)) {
            this.choose(shown.at(-1)?.link);
        }
    }

    make() {
        this.made = true;
        // In the order of time, as arrows go.
        this.links = this.alerts.slice(0, MARKS_MAX).reverse().map((alert) => ({ alert, link: markOf(alert), dot: dotOf(alert) }));
        this.node.replaceChildren(...this.links.flatMap(({ link, dot }) => [dot, link]));
    }

    choose(link) {
        for (const other of this.links) {
            other.link.tabIndex = other.link === link ? 0 : -1;
        }
    }

    key(event) {
        const shown = this.links.filter(({ link }) => !link.hidden).map(({ link }) => link);
        const at = shown.indexOf(event.target);
        const moves = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 };
        const next = shown[moves[event.key]];
        if (at >= 0 && next) {
            event.preventDefault();
            this.choose(next);
            next.focus();
        }
    }
}

function kindOf(alert) {
    return alert.edge === 'CLEARED' ? 'cleared' : alert.side.toLowerCase();
}

function markOf(alert) {
    const words = `${alertWords(alert)}, ${format.dateTime(alert.event_time_ms)}`;
    return el('a', {
        class: `alert-mark alert-mark-${kindOf(alert)}${alert.suppressed ? ' is-suppressed' : ''}`, href: to('alerts', alert.alert_id),
        'aria-label': words, title: words, tabindex: -1, 'data-alert': alert.alert_id,
        onmousedown: (event) => event.stopPropagation(),
    });
}

function dotOf(alert) {
    return el('span', { class: `alert-dot alert-dot-${kindOf(alert)}${alert.suppressed ? ' is-suppressed' : ''}`, 'aria-hidden': 'true' });
}
