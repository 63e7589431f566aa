// One instrument: its chart with my thresholds, which can be dragged, and the alerts there were.
import { all, get, page, patch, write } from '../core/api.js';
import * as rules from '../core/alert_rules.js';
import { Chart } from '../core/chart.js';
import { ChartMarks } from '../core/chart_marks.js';
import { el, perFrame, replace } from '../core/dom.js';
import * as format from '../core/format.js';
import { add, lastOf, lastValues, valuesBetween, VALUES_MAX } from '../core/history.js';
import { icon } from '../core/icons.js';
import * as live from '../core/live.js';
import { to } from '../core/router.js';
import { ThresholdLines } from '../core/threshold_lines.js';
import { alertVerb, isPaused, pauseWords } from '../core/words.js';
import { alertItem } from './alerts.js';
import { pauseControl } from './pause_control.js';
import { confirm, empty, failed, report, say, skeleton } from './states.js';
import { thresholdForm } from './threshold_form.js';

const HOUR = 3600000;
const RANGES = [['1 h', HOUR], ['6 h', 6 * HOUR], ['24 h', 24 * HOUR], ['7 d', 7 * 24 * HOUR], ['30 d', 30 * 24 * HOUR]];
const FIRST_VALUES = 500; // What is shown at first covers about so many values.
const ALERTS_SHOWN = 8;
const ALERTS_MARKED = 100;
const RELOAD_ALERTS_MS = 400;

export function instrumentView({ segments: [, instrument], parameters, signal }) {
    return new InstrumentPage(instrument, parameters.get('at'), signal).node;
}

class InstrumentPage {
    constructor(instrument, at, signal) {
        Object.assign(this, { instrument, signal, at: Number(at) || null, history: { times: [], values: [] }, cards: new Map(), alerts: [], range: null });
        const { kind, name } = format.instrumentParts(instrument);
        this.value = el('p', { class: 'big-value number' });
        this.about = el('p', { class: 'value-about number', 'aria-live': 'off' });
        this.ranges = el('div', { class: 'segments', role: 'group', 'aria-label': 'Time range' });
        this.chartArea = el('div', { class: 'chart-area' }, skeleton(1, 'chart'));
        this.summary = el('p', { class: 'chart-summary', id: 'chart-summary' });
        this.notice = el('div', { class: 'notices', role: 'status' });
        this.forms = el('div', { class: 'forms' }, skeleton(2, 'block'));
        this.alertList = el('div', null, skeleton(3));
        this.node = el('div', { class: 'page' },
            el('a', { class: 'back', href: '#/' }, icon('back', 18), 'Overview'),
            el('div', { class: 'instrument-head' },
                el('div', null, el('h1', { tabindex: -1, 'data-title': name }, name, kind && el('span', { class: 'kind' }, kind)), el('div', { class: 'value-row' }, this.value, this.about)),
                this.ranges),
            el('section', { class: 'card chart-card', 'aria-label': 'Chart' }, this.chartArea, this.summary),
            this.notice,
            el('div', { class: 'columns' },
                el('section', { 'aria-labelledby': 'my-thresholds' },
                    el('div', { class: 'section-head' }, el('h2', { id: 'my-thresholds' }, 'My thresholds'),
                        el('a', { class: 'button button-small', href: `#/watch?instrument=${encodeURIComponent(instrument)}` }, icon('plus', 16), 'Add')), this.forms),
                el('section', { 'aria-labelledby': 'its-alerts' },
                    el('div', { class: 'section-head' }, el('h2', { id: 'its-alerts' }, 'Alerts'), el('a', { href: `#/alerts?instrument=${encodeURIComponent(instrument)}` }, 'All')),
                    el('div', { class: 'card' }, this.alertList))));
        this.drawChart = perFrame(() => this.drawChartNow());
        this.drawGhosts = perFrame(() => this.drawGhostsNow());
        this.load();
    }

    load() {
        Promise.all([this.loadHistory(), this.loadSubscriptions(), this.loadAlerts()]).catch(() => {});
        live.watch([this.instrument], {
            onQuote: (quote) => this.take(quote),
            onAlert: (alert) => alert.instrument === this.instrument && this.alertsSoon(),
            onGap: () => { this.loadHistory(); this.loadAlerts(); },
        }, this.signal);
    }

    // History: the range asked for, or the smallest that has enough values.

    async loadHistory() {
        try {
            const last = await lastOf(this.instrument, this.signal);
            this.unit = last?.unit ?? '';
            if (last === null) {
                this.showNothing();
                return;
            }
            const recent = await lastValues(this.instrument, FIRST_VALUES, this.signal);
            this.range ??= this.at ? this.rangeOf(last.event_time_ms - this.at) : this.rangeOf(last.event_time_ms - (recent.times[0] ?? last.event_time_ms));
            await this.loadRange(last);
        } catch (problem) {
            this.unless(problem, () => replace(this.chartArea, failed(problem, () => { replace(this.chartArea, skeleton(1, 'chart')); this.loadHistory(); })));
        }
    }

    rangeOf(ms) {
        return (RANGES.find(([, size]) => size >= ms) ?? RANGES.at(-1))[1];
    }

    // The values of the range, the newest VALUES_MAX of them: the page before the range's end says where those begin.
    async loadRange(last) {
        const { range } = this;
        const newest = await get(`/v1/instruments/${encodeURIComponent(this.instrument)}/mean`, { query: { last: VALUES_MAX }, signal: this.signal });
        const begin = Math.max(last.event_time_ms - range, Date.parse(newest.body.from) || 0);
        const history = await valuesBetween(this.instrument, begin, null, VALUES_MAX, this.signal);
        if (range !== this.range) {
            return;
        }
        const early = this.history;
        this.history = history;
        early.times.forEach((time, i) => add(this.history, { event_time_ms: time, value: early.values[i] }));
        this.isCut = begin > last.event_time_ms - range && history.times.length >= VALUES_MAX;
        this.showChart();
        this.drawHead();
        this.drawRanges();
        this.setHistories();
    }

    unless(problem, show) {
        if (!this.signal.aborted) {
            report(problem);
            show();
        }
    }

    showNothing() {
        this.value.textContent = '';
        this.about.textContent = 'No value yet';
        replace(this.chartArea, empty('overview', 'No value yet', 'The chart begins with the first value that arrives. Your thresholds are judged on it at once.'));
    }

    take(quote) {
        if (!this.chart) {
            this.history.times.length === 0 ? this.loadHistory() : add(this.history, quote);
            return;
        }
        if (add(this.history, quote)) {
            this.drawHead();
            this.drawChart();
            this.setHistories();
        }
    }

    // The chart and what lies over it.

    showChart() {
        if (this.chart) {
            this.drawChartNow();
            return;
        }
        this.chart = new Chart({ onCursor: (point) => this.drawHead(point), onDraw: () => this.placeOver(), signal: this.signal });
        this.lines = new ThresholdLines(this.chart, {
            onMove: (line, value, isDone) => this.moved(line, value, isDone),
            onSave: (line) => this.cards.get(line.id)?.form.save(),
            onReset: (line) => this.cards.get(line.id)?.form.discard(),
        });
        this.marks = new ChartMarks(this.chart);
        replace(this.chartArea, this.chart.node);
        this.drawChartNow();
        this.drawLines();
        this.marks.setAlerts(this.alerts);
    }

    placeOver() {
        this.lines?.place();
        this.marks?.place();
    }

    drawChartNow() {
        const { times, values } = this.history;
        const end = times.at(-1) ?? Date.now();
        this.chart.setData(times, values, [Math.max(end - this.range, Math.min(times[0] ?? end, end - this.range / 50)), end + this.range / 100]);
        this.summary.textContent = this.summaryWords();
    }

    summaryWords() {
        const { times, values } = this.history;
        if (values.length === 0) {
            return '';
        }
        const { decimals } = this.chart;
        const low = values.reduce((a, b) => Math.min(a, b));
        const high = values.reduce((a, b) => Math.max(a, b));
        const cut = this.isCut ? 'The newest ' : '';
        return `${cut}${format.count(values.length, 'value')} from ${format.moment(times[0])}: lowest ${format.number(low, decimals)}, highest ${format.number(high, decimals)}. Times are those of ${format.currentZone()}.`;
    }

    drawHead(point) {
        const { times, values } = this.history;
        if (values.length === 0) {
            return;
        }
        const decimals = format.decimalsOf(values);
        const shown = point ?? { time: times.at(-1), value: values.at(-1) };
        replace(this.value, format.number(shown.value, decimals), this.unit && el('span', { class: 'unit' }, this.unit));
        const change = format.signed(Number((shown.value - values[0]).toFixed(decimals)), decimals);
        this.about.textContent = `${change} since ${format.moment(times[0])} · ${point ? format.moment(shown.time) : format.relative(shown.time)}`;
    }

    drawRanges() {
        replace(this.ranges, RANGES.map(([words, size]) => el('button', {
            type: 'button', class: 'segment', 'aria-pressed': String(size === this.range),
            onclick: () => { this.range = size; this.history = { times: [], values: [] }; this.drawRanges(); this.loadHistory(); },
        }, words)));
    }

    // Thresholds: one card each, one line a side.

    async loadSubscriptions() {
        try {
            const subscriptions = await all('/v1/subscriptions', 'subscriptions', { query: { instrument: this.instrument }, mine: true, signal: this.signal });
            this.cards.clear();
            replace(this.forms, subscriptions.length === 0 ? this.noThresholds() : subscriptions.map((one) => this.addCard(one)));
            this.drawLines();
            this.setHistories();
        } catch (problem) {
            this.unless(problem, () => replace(this.forms, el('div', { class: 'card' }, failed(problem, () => this.loadSubscriptions()))));
        }
    }

    noThresholds() {
        return el('div', { class: 'card' }, empty('bell', 'No thresholds yet', 'Say which values matter to you.',
            el('a', { class: 'button button-main', href: `#/watch?instrument=${encodeURIComponent(this.instrument)}` }, 'Add thresholds')));
    }

    addCard(subscription) {
        const id = subscription.subscription_id;
        const end = el('button', { class: 'button button-quiet-danger', type: 'button', onclick: () => this.end(id) }, 'Stop watching');
        const form = thresholdForm({
            subscription, actions: [end],
            onSave: (changes) => this.save(id, changes),
            onDraft: () => this.drawLines(),
        });
        const pause = pauseControl({ subscription, signal: this.signal, onChange: (until) => this.pause(id, until) });
        const card = {
            form, pause, subscription, etag: `"${subscription.version}"`,
            node: el('div', { class: 'card card-padded', 'data-subscription': id }, pause.state, form.node, pause.choices),
        };
        this.cards.set(id, card);
        return card.node;
    }

    setHistories() {
        for (const { form } of this.cards.values()) {
            form.setHistory(this.history);
        }
        this.drawGhosts();
    }

    drawLines() {
        if (!this.chart) {
            return;
        }
        const lines = [];
        for (const [id, { form, subscription }] of this.cards) {
            const draft = form.draft();
            for (const side of ['low', 'high']) {
                if (draft[side] !== null && Number.isFinite(draft[side])) {
                    lines.push({ id, side, value: draft[side], label: subscription.label ?? '', changed: draft[side] !== (subscription[side] ?? null), paused: isPaused(subscription) });
                }
            }
        }
        this.chart.setLevels(lines.map(({ value }) => value));
        this.lines.setLines(lines);
        this.drawGhosts();
    }

    moved(line, value) {
        line.value = value;
        this.cards.get(line.id)?.form.setThreshold(line.side, value);
    }

    // While something is being changed, the places at which it would have fired.
    drawGhostsNow() {
        if (!this.chart) {
            return;
        }
        const { times, values } = this.history;
        const changed = [...this.cards.values()].map(({ form, subscription }) => ({ draft: form.draft(), subscription }))
            .find(({ draft, subscription }) => ['low', 'high', 'rearm', 'hold_ms', 'cooldown_ms'].some((name) => draft[name] !== (subscription[name] ?? null)));
        this.chart.setGhosts(changed && !rules.fault(changed.draft) ? rules.preview(changed.draft, values, times).at : []);
    }

    async save(id, changes) {
        const card = this.cards.get(id);
        const { fresh, etag } = await this.change(card, changes);
        this.renew(card, fresh, etag);
        say('Saved. The new thresholds are in force.');
    }

    // Pauses until then, null: resumes. What is written in the form and not saved stays. Returns whether it was done.
    async pause(id, until) {
        const card = this.cards.get(id);
        try {
            const { fresh, etag } = await this.change(card, { paused_until: until === null ? null : new Date(until).toISOString() });
            this.keep(card, fresh, etag);
            card.form.setBase(fresh);
            this.drawLines();
            say(until === null ? 'Resumed. You are told again.' : pauseWords(fresh));
            return true;
        } catch (problem) {
            card.form.showError(problem);
            return false;
        }
    }

    // Sends a change. If the subscription was changed elsewhere, its present state is shown and the problem says so.
    async change(card, changes) {
        const path = `/v1/subscriptions/${encodeURIComponent(card.subscription.subscription_id)}`;
        try {
            const answer = await patch(path, changes, card.etag);
            return { fresh: answer.body ?? (await get(path, { mine: true, signal: this.signal })).body, etag: answer.etag };
        } catch (problem) {
            if (problem.status !== 412) {
                throw problem;
            }
            const { body, etag } = await get(path, { mine: true, signal: this.signal });
            this.renew(card, body, etag);
            throw Object.assign(problem, { message: 'It was changed elsewhere in the meantime. Here is how it stands now; your change was not saved.', pointer: null });
        }
    }

    keep(card, subscription, etag) {
        card.subscription = subscription;
        card.etag = etag ?? `"${subscription.version}"`;
        card.pause.setSubscription(subscription);
    }

    renew(card, subscription, etag) {
        this.keep(card, subscription, etag);
        card.form.setSubscription(subscription);
        this.drawLines();
    }

    async end(id) {
        const card = this.cards.get(id);
        const sure = await confirm({ title: 'Stop watching?', words: 'These thresholds end, and nothing more is sent for them. Past alerts stay.', confirmWords: 'Stop watching' });
        if (!sure) {
            return;
        }
        try {
            await write('DELETE', `/v1/subscriptions/${encodeURIComponent(id)}`, undefined, { etag: card.etag });
            say('It is not watched any more.');
            await this.loadSubscriptions();
            this.node.querySelector('h1').focus();
        } catch (problem) {
            card.form.showError(problem);
        }
    }

    // Alerts.

    alertsSoon() {
        clearTimeout(this.alertsTimer);
        this.alertsTimer = setTimeout(() => this.loadAlerts(), RELOAD_ALERTS_MS);
    }

    async loadAlerts() {
        try {
            const { items } = await page('/v1/alerts', 'alerts', { query: { instrument: this.instrument, limit: ALERTS_MARKED }, mine: true, signal: this.signal });
            this.alerts = items;
            this.marks?.setAlerts(items);
            replace(this.alertList, items.length === 0
                ? empty('bell', 'No alerts', 'When a value goes beyond your thresholds, it stands here.')
                : el('ul', { class: 'list' }, items.slice(0, ALERTS_SHOWN).map((alert) => alertItem(alert, alertVerb(alert)))));
        } catch (problem) {
            this.unless(problem, () => replace(this.alertList, failed(problem, () => this.loadAlerts())));
        }
    }
}

export function instrumentLink(instrument, at) {
    return at ? `${to('instruments', instrument)}?at=${at}` : to('instruments', instrument);
}
