// The chart of one instrument: uPlot draws the line, elements over it are the thresholds and the marks of alerts.
import uPlot from '../uplot/uPlot.js';
import { el } from './dom.js';
import * as format from './format.js';
import * as theme from './theme.js';
import { range } from './sparkline.js';

const HEIGHT_WIDE = 380;
const HEIGHT_NARROW = 280;
const NARROW = 560;
const MARGIN = 0.08; // Above and below the line, as a part of what is shown.
const DAY_S = 86400;
const GHOSTS_MAX = 200;
const DIGIT_WIDTH = 8;
const GRIP_WIDTH = 50; // Of a threshold's handle, without its digits.
const GRIP_WIDTH_NARROW = 36;

// Ticks of the time axis, in seconds.
const TIME_STEPS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY_S, 2 * DAY_S, 7 * DAY_S, 30 * DAY_S, 365 * DAY_S];

export class Chart {
    // `onCursor` gets {value, time} of the point under the pointer, or null. `onDraw` is called when anything has moved.
    constructor({ onCursor, onDraw, signal }) {
        this.node = el('div', { class: 'chart' });
        this.levels = [];
        this.ghosts = [];
        this.data = [[], []];
        this.span = [0, 1];
        this.decimals = 0;
        this.extra = null;
        this.onCursor = onCursor;
        this.onDraw = onDraw;
        this.observer = new ResizeObserver(() => this.fit());
        this.observer.observe(this.node);
        theme.onChange(() => this.plot?.redraw(), signal);
        signal.addEventListener('abort', () => {
            this.observer.disconnect();
            this.plot?.destroy();
            this.plot = null;
        });
    }

    // Values with times in ms, from `from` to `to`.
    setData(times, values, [from, to]) {
        this.data = [times.map((ms) => ms / 1000), values];
        this.span = [from / 1000, to / 1000];
        this.decimals = format.decimalsOf(values);
        this.plot?.setData(this.data);
    }

    // The thresholds, which the vertical axis shows where they are not too far off.
    setLevels(levels) {
        this.levels = levels;
        this.rescale();
    }

    // Room for the handles on the right, so that they hide no values.
    gutter() {
        const longest = Math.max(0, ...this.levels.map((level) => format.number(level, this.decimals).length));
        const grip = this.node.clientWidth < NARROW ? GRIP_WIDTH_NARROW : GRIP_WIDTH;
        return longest === 0 ? 8 : grip + DIGIT_WIDTH * longest;
    }

    // Points at which a changed threshold would have fired.
    setGhosts(indexes) {
        this.ghosts = indexes.slice(-GHOSTS_MAX);
        this.plot?.redraw(false);
    }

    // Keeps the vertical axis as it is while something is dragged.
    hold(held) {
        this.held = held && this.plot ? [this.plot.scales.y.min, this.plot.scales.y.max] : null;
        if (!held) {
            this.rescale();
        }
    }

    rescale() {
        this.plot?.setData(this.data);
    }

    // The element over the plot in which handles and marks are placed.
    get over() {
        return this.plot?.over ?? null;
    }

    // Where a value is, in pixels from the top of the plot.
    top(value) {
        return this.plot.valToPos(value, 'y');
    }

    left(ms) {
        return this.plot.valToPos(ms / 1000, 'x');
    }

    valueAt(top) {
        return this.plot.posToVal(top, 'y');
    }

    get bounds() {
        const { min, max } = this.plot.scales.y;
        return [min, max];
    }

    get size() {
        return [this.plot.over.clientWidth, this.plot.over.clientHeight];
    }

    fit() {
        const width = this.node.clientWidth;
        if (width === 0) {
            return;
        }
        const height = width < NARROW ? HEIGHT_NARROW : HEIGHT_WIDE;
        if (this.plot) {
            this.plot.setSize({ width, height });
        } else {
            this.plot = new uPlot(this.options(width, height), this.data, this.node);
            this.plot.root.querySelector('canvas').setAttribute('aria-hidden', 'true');
            this.onDraw();
        }
    }

    verticalRange() {
        if (this.held) {
            return this.held;
        }
        const values = this.data[1];
        if (values.length === 0) {
            return [0, 1];
        }
        const [low, high] = range(values, this.levels);
        const margin = (high - low) * MARGIN || Math.abs(high) * 0.01 || 1;
        return [low - margin, high + margin];
    }

    options(width, height) {
        const ink = (name) => () => theme.colour(name);
        const axis = { stroke: ink('muted'), font: '12px system-ui, sans-serif', ticks: { show: false }, grid: { stroke: ink('grid'), width: 1 } };
        return {
            width, height, legend: { show: false }, padding: [12, () => this.gutter(), 0, 0],
            cursor: { drag: { x: false, y: false }, points: { size: 8, fill: ink('accent'), stroke: ink('surface'), width: 2 }, y: false },
            scales: { x: { time: false, range: () => this.span }, y: { range: () => this.verticalRange() } },
            axes: [
                { ...axis, space: 76, incrs: TIME_STEPS, splits: (u, index, min, max, step) => timeSplits(min, max, step), values: (u, splits, index, space, step) => timeWords(splits, step) },
                { ...axis, side: 3, size: (u, words) => axisWidth(words), values: (u, splits) => splits.map((value) => format.number(value, stepDecimals(splits))) },
            ],
            series: [{}, { stroke: ink('ink'), width: 1.6, fill: ink('area'), points: { show: () => this.data[0].length < 40, size: 5, fill: ink('ink') } }],
            hooks: {
                draw: [() => this.drawGhosts(), () => this.onDraw()],
                setCursor: [(u) => this.tellCursor(u.cursor.idx)],
            },
        };
    }

    tellCursor(index) {
        const known = index !== null && index !== undefined;
        this.onCursor(known ? { time: this.data[0][index] * 1000, value: this.data[1][index] } : null);
    }

    drawGhosts() {
        const { ctx } = this.plot;
        ctx.save();
        ctx.strokeStyle = theme.colour('accent');
        ctx.fillStyle = theme.colour('surface');
        ctx.lineWidth = 2 * devicePixelRatio;
        for (const index of this.ghosts) {
            const x = this.plot.valToPos(this.data[0][index], 'x', true);
            const y = this.plot.valToPos(this.data[1][index], 'y', true);
            ctx.beginPath();
            ctx.arc(x, y, 4 * devicePixelRatio, 0, 2 * Math.PI);
            ctx.fill();
            ctx.stroke();
        }
        ctx.restore();
    }
}

// Ticks at whole steps of the user's day, not of UTC's.
function timeSplits(min, max, step) {
    const shift = zoneShift(min);
    const splits = [];
    for (let at = Math.ceil((min + shift) / step) * step - shift; at <= max; at += step) {
        splits.push(at);
    }
    return splits;
}

// Seconds that the user's zone is ahead of UTC at a time.
function zoneShift(at) {
    const there = uPlot.tzDate(new Date(at * 1000), format.currentZone());
    const utc = uPlot.tzDate(new Date(at * 1000), 'UTC');
    return Math.round((there - utc) / 60000) * 60;
}

function timeWords(splits, step) {
    let day = null;
    return splits.map((at) => {
        const today = format.date(at * 1000);
        const words = format.tick(at * 1000, step * 1000, step < DAY_S && day !== null && today !== day);
        day = today;
        return words;
    });
}

function stepDecimals(splits) {
    return splits.length < 2 ? 0 : Math.min(8, Math.max(0, -Math.floor(Math.log10(splits[1] - splits[0]) + 1e-9)));
}

function axisWidth(words) {
    return 16 + 7.2 * Math.max(3, ...(words ?? []).map((word) => word.length));
}
