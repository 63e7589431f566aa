// A series as a small line, with its thresholds. Decoration: the numbers stand beside it.
import { svg } from './dom.js';

const WIDTH = 120;
const HEIGHT = 32;
const PAD = 3;

// Where thresholds that lie far away are left out, so that the line keeps its shape.
const REACH = 1;

export function sparkline() {
    const area = svg('path', { class: 'spark-area' });
    const line = svg('path', { class: 'spark-line' });
    // A line of no length with round ends stays round however the picture is stretched.
    const dot = svg('path', { class: 'spark-dot' });
    const thresholds = svg('g', { class: 'spark-thresholds' });
    const node = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'spark', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        area, thresholds, line, dot);
    const parts = { area, line, dot, thresholds };
    return {
        node,
        draw: (values, levels) => draw(parts, values, levels, values.length - 1),
        // The dot at another value than the last.
        markAt: (values, levels, index) => draw(parts, values, levels, index),
    };
}

function draw(parts, values, levels, marked) {
    if (values.length === 0) {
        return;
    }
    const [low, high] = range(values, levels);
    const x = (i) => values.length === 1 ? WIDTH - PAD : PAD + (WIDTH - 2 * PAD) * i / (values.length - 1);
    const y = (value) => high === low ? HEIGHT / 2 : HEIGHT - PAD - (HEIGHT - 2 * PAD) * (value - low) / (high - low);
    const path = values.map((value, i) => `${i === 0 ? 'M' : 'L'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`).join('');
    parts.line.setAttribute('d', path);
    parts.area.setAttribute('d', `${path}L${x(values.length - 1).toFixed(1)} ${HEIGHT}L${x(0).toFixed(1)} ${HEIGHT}Z`);
    parts.dot.setAttribute('d', `M${x(marked).toFixed(1)} ${y(values[marked]).toFixed(1)}h0.01`);
    parts.thresholds.replaceChildren(...levels.filter((level) => level >= low && level <= high)
        .map((level) => svg('path', { d: `M0 ${y(level).toFixed(1)}H${WIDTH}` })));
}

// What is shown, from bottom to top: the values, and thresholds that are not far from them.
export function range(values, levels) {
    let low = Math.min(...values);
    let high = Math.max(...values);
    const reach = (high - low) * REACH || Math.abs(high) * 0.02 || 1;
    const near = levels.filter((level) => level >= low - reach && level <= high + reach);
    low = Math.min(low, ...near);
    high = Math.max(high, ...near);
    return [low, high];
}
