// Thresholds as lines over a chart, to be dragged with mouse, finger or pen, or moved with the keyboard.
import { el } from './dom.js';
import * as format from './format.js';

const COARSE = 10; // Steps of Page Up and Page Down.
const STEPS = 200; // Of the arrow keys, over the height of the chart.

const WORDS = { low: 'Low', high: 'High' };
const ARROWS = { low: '↓', high: '↑' };

export class ThresholdLines {
    // Lines are {id, side, value, label, changed, paused}. `onMove(line, value, isDone)`, `onSave(line)` for Enter, `onReset(line)` for Escape.
    constructor(chart, { onMove, onSave, onReset }) {
        this.chart = chart;
        this.act = { onMove, onSave, onReset };
        this.handles = new Map();
        this.lines = [];
    }

    setLines(lines) {
        this.lines = lines;
        const keys = new Set(lines.map(keyOf));
        for (const [key, handle] of this.handles) {
            if (!keys.has(key)) {
                handle.node.remove();
                this.handles.delete(key);
            }
        }
        this.place();
    }

    // Puts every line where its value is now; one that is beyond the chart waits at its edge.
    place() {
        const { over } = this.chart;
        if (!over) {
            return;
        }
        for (const line of this.lines) {
            const handle = this.handles.get(keyOf(line)) ?? this.add(line);
            handle.line = line;
            if (handle.node.parentNode !== over) {
                over.append(handle.node);
            }
            this.draw(handle);
        }
    }

    focus(id, side) {
        this.handles.get(keyOf({ id, side }))?.grip.focus();
    }

    add(line) {
        const words = el('span', { class: 'threshold-words' });
        const paused = el('span', { class: 'threshold-paused', 'aria-hidden': 'true' }, 'paused'); // The name of the grip says it too.
        const grip = el('div', {
            class: 'threshold-grip', role: 'slider', tabindex: 0, 'aria-orientation': 'vertical',
            onkeydown: (event) => this.key(handle, event),
        }, el('span', { class: 'threshold-bars', 'aria-hidden': 'true' }), words);
        const node = el('div', {
            class: `threshold threshold-${line.side}`,
            onpointerdown: (event) => this.grab(handle, event),
            onpointermove: (event) => this.drag(handle, event),
            onpointerup: (event) => this.drop(handle, event),
            onpointercancel: (event) => this.drop(handle, event),
            // uPlot takes these for its own.
            onmousedown: (event) => event.stopPropagation(),
        }, el('div', { class: 'threshold-line' }), paused, grip);
        const handle = { node, grip, words, paused, line, from: null };
        this.handles.set(keyOf(line), handle);
        return handle;
    }

    draw({ node, grip, words, paused, line }) {
        const [, height] = this.chart.size;
        const top = this.chart.top(line.value);
        const beyond = top < 0 ? 'above' : top > height ? 'below' : '';
        node.style.transform = `translateY(${Math.min(height, Math.max(0, top))}px)`;
        node.classList.toggle('is-changed', line.changed);
        node.classList.toggle('is-beyond', beyond !== '');
        const value = format.number(line.value, this.chart.decimals);
        node.classList.toggle('is-paused', line.paused);
        paused.hidden = !line.paused;
        words.textContent = `${ARROWS[line.side]} ${value}`;
        const [min, max] = this.limits(line);
        grip.setAttribute('aria-label', `${WORDS[line.side]} threshold${line.label ? ` of ${line.label}` : ''}${line.paused ? ', paused' : ''}`);
        grip.setAttribute('aria-valuenow', line.value);
        grip.setAttribute('aria-valuemin', min);
        grip.setAttribute('aria-valuemax', max);
        grip.setAttribute('aria-valuetext', beyond ? `${value}, ${beyond} what the chart shows` : value);
        grip.title = `${WORDS[line.side]} threshold: drag, or use the arrow keys`;
    }

    // Far enough for anything that one would do on a chart.
    limits(line) {
        const [low, high] = this.chart.bounds;
        const span = high - low;
        return [Math.min(line.value, low - span), Math.max(line.value, high + span)];
    }

    // A value as coarse as the pixels are, in decimals that people write.
    rounded(value) {
        const [low, high] = this.chart.bounds;
        const [, height] = this.chart.size;
        const fine = Math.max(0, Math.ceil(-Math.log10((high - low) / Math.max(1, height))));
        return Number(value.toFixed(Math.min(12, fine)));
    }

    step() {
        const [low, high] = this.chart.bounds;
        return 10 ** Math.round(Math.log10((high - low) / STEPS));
    }

    grab(handle, event) {
        if (event.button !== 0) {
            return;
        }
        event.preventDefault();
        event.stopPropagation();
        handle.node.setPointerCapture(event.pointerId);
        handle.grip.focus({ preventScroll: true });
        const [, height] = this.chart.size;
        const top = Math.min(height, Math.max(0, this.chart.top(handle.line.value)));
        handle.from = event.clientY - top;
        handle.moved = false;
        this.chart.hold(true);
        handle.node.classList.add('is-dragged');
    }

    drag(handle, event) {
        if (handle.from === null) {
            return;
        }
        event.stopPropagation();
        const [, height] = this.chart.size;
        const top = Math.min(height, Math.max(0, event.clientY - handle.from));
        handle.moved = true;
        this.act.onMove(handle.line, this.rounded(this.chart.valueAt(top)), false);
    }

    drop(handle, event) {
        if (handle.from === null) {
            return;
        }
        event.stopPropagation();
        handle.from = null;
        handle.node.classList.remove('is-dragged');
        this.chart.hold(false);
        if (handle.moved) {
            this.act.onMove(handle.line, handle.line.value, true);
        }
    }

    key(handle, event) {
        const { line } = handle;
        const step = this.step();
        const [low, high] = this.chart.bounds;
        const moves = {
            ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step, PageUp: COARSE * step, PageDown: -COARSE * step,
            Home: low - line.value, End: high - line.value,
        };
        if (event.key in moves && !event.altKey && !event.ctrlKey && !event.metaKey) {
            const decimals = Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
            this.act.onMove(line, Number((line.value + moves[event.key]).toFixed(decimals)), true);
        } else if (event.key === 'Enter') {
            this.act.onSave(line);
        } else if (event.key === 'Escape') {
            this.act.onReset(line);
        } else {
            return;
        }
        event.preventDefault();
    }
}

function keyOf({ id, side }) {
    return `${side}:${id}`;
}
