// The terms of one subscription: its thresholds and what else it says, with how often it would have fired.
import * as rules from '../core/alert_rules.js';
import { el, perFrame } from '../core/dom.js';
import * as format from '../core/format.js';
import { busy, clearProblems, durationInput, field, messageArea, numberInput, numberOf, showProblem, textInput } from './fields.js';

const LABEL_CHARACTERS_MAX = 256;

// `onSave(fields)` sends what has changed and throws a Problem when it is refused; `onDraft(subscription, isChanged)` follows the hand.
export function thresholdForm(options) {
    const form = new Form(options);
    return {
        node: form.node,
        setHistory: (history) => form.setHistory(history),
        setSubscription: (subscription) => form.setSubscription(subscription),
        setBase: (subscription) => form.setBase(subscription),
        setThreshold: (side, value) => form.setThreshold(side, value),
        draft: () => form.draft(),
        save: () => form.save(),
        discard: () => form.setSubscription(form.subscription),
        showError: (problem) => showProblem(problem, form.fields, form.message),
    };
}

class Form {
    constructor({ subscription, onSave, onDraft, saveWords = 'Save', isNew = false, actions = [] }) {
        Object.assign(this, { onSave, onDraft, isNew });
        this.history = { times: [], values: [] };
        this.low = field({ label: 'Low', pointer: '/low', hint: 'Tell me when it falls below', input: numberInput(null) });
        this.high = field({ label: 'High', pointer: '/high', hint: 'Tell me when it rises above', input: numberInput(null) });
        this.label = field({ label: 'Label', pointer: '/label', hint: 'Optional. Your own words; they stand in the mail.', input: textInput({ maxlength: LABEL_CHARACTERS_MAX }) });
        this.more = el('div', { class: 'form-more' });
        this.message = messageArea();
        this.words = el('p', { class: 'preview-words', role: 'status' });
        this.saveButton = el('button', { class: 'button button-main', type: 'submit' }, saveWords);
        this.discardButton = el('button', { class: 'button', type: 'button', onclick: () => this.setSubscription(this.subscription) }, 'Discard');
        this.drawPreview = perFrame(() => this.preview());
        this.node = el('form', {
            class: 'threshold-form', novalidate: true,
            oninput: () => this.changed(),
            onsubmit: (event) => { event.preventDefault(); this.save(); },
        }, this.message,
        el('div', { class: 'pair' }, this.low.node, this.high.node), this.label.node,
        el('details', null, el('summary', null, 'More conditions'), this.more),
        el('div', { class: 'preview' }, this.words),
        el('div', { class: 'actions' }, this.saveButton, !isNew && this.discardButton, actions));
        this.setSubscription(subscription);
    }

    setSubscription(subscription) {
        this.subscription = subscription;
        this.low.input.value = subscription.low ?? '';
        this.high.input.value = subscription.high ?? '';
        this.label.input.value = subscription.label ?? '';
        this.makeMore(subscription);
        clearProblems(this.fields, this.message);
        this.changed();
    }

    // What the form is compared with, after a change that is none of the form's: what is written in it stays.
    setBase(subscription) {
        this.subscription = subscription;
        this.changed();
    }

    makeMore(subscription) {
        this.hold = durationInput(subscription.hold_ms, 'hold');
        this.cooldown = durationInput(subscription.cooldown_ms, 'cooldown');
        this.cleared = el('input', { type: 'checkbox', checked: subscription.notify_cleared });
        this.rearm = field({ label: 'Re-arm', pointer: '/rearm', hint: 'How far back inside it must come before it counts as over.', input: numberInput(subscription.rearm, { min: 0 }) });
        this.holdField = field({ label: 'Hold', pointer: '/hold_ms', hint: 'How long it must stay beyond before you are told.', input: this.hold.input });
        this.cooldownField = field({ label: 'Cooldown', pointer: '/cooldown_ms', hint: 'How long nothing more is sent after an alert.', input: this.cooldown.input });
        this.fields = [this.low, this.high, this.label, this.rearm, this.holdField, this.cooldownField];
        this.more.replaceChildren(this.rearm.node, this.holdField.node, this.cooldownField.node,
            el('label', { class: 'check' }, this.cleared, 'Tell me when it is over, too'));
    }

    setThreshold(side, value) {
        this[side].input.value = value;
        this[side].setError(null);
        this.changed();
    }

    setHistory(history) {
        this.history = history;
        this.drawPreview();
    }

    // The subscription as the form says it.
    draft() {
        return {
            ...this.subscription,
            low: numberOf(this.low.input), high: numberOf(this.high.input), label: this.label.input.value.trim() || null,
            rearm: numberOf(this.rearm.input) ?? 0, hold_ms: this.hold.read(), cooldown_ms: this.cooldown.read(),
            notify_cleared: this.cleared.checked,
        };
    }

    // What the form says that the subscription does not.
    changes() {
        const draft = this.draft();
        const names = ['low', 'high', 'label', 'rearm', 'hold_ms', 'cooldown_ms', 'notify_cleared'];
        return Object.fromEntries(names.filter((name) => draft[name] !== (this.subscription[name] ?? null)).map((name) => [name, draft[name]]));
    }

    changed() {
        const isChanged = Object.keys(this.changes()).length > 0;
        this.saveButton.hidden = !this.isNew && !isChanged;
        this.discardButton.hidden = !isChanged;
        this.node.classList.toggle('is-changed', isChanged);
        this.drawPreview();
        this.onDraft?.(this.draft(), isChanged);
    }

    preview() {
        const draft = this.draft();
        const { times, values } = this.history;
        if (values.length === 0 || Number.isNaN(draft.low) || Number.isNaN(draft.high) || rules.fault(draft)) {
            this.words.textContent = '';
            return;
        }
        const now = rules.preview(draft, values, times);
        const isChanged = !this.isNew && Object.keys(this.changes()).length > 0;
        const before = isChanged && !rules.fault(this.subscription) ? rules.preview(this.subscription, values, times) : null;
        this.words.textContent = `${previewWords(now, values.length, format.duration(Math.max(1, times.at(-1) - times[0])))}${before ? ` As it is now: ${before.fired}.` : ''}`;
    }

    async save() {
        const draft = this.draft();
        clearProblems(this.fields, this.message);
        const bad = badNumber(draft) ?? rules.fault(draft);
        if (bad) {
            showProblem({ status: 400, pointer: bad.pointer, message: bad.detail }, this.fields, this.message);
            return;
        }
        await busy(this.saveButton, async () => {
            try {
                await this.onSave(this.changes());
            } catch (problem) {
                showProblem(problem, this.fields, this.message);
            }
        });
    }
}

function badNumber(draft) {
    const name = ['low', 'high', 'rearm', 'hold_ms', 'cooldown_ms'].find((one) => Number.isNaN(draft[one]));
    return name ? { pointer: `/${name}`, detail: 'This is not a number.' } : null;
}

function previewWords({ fired, suppressed }, values, length) {
    const times = fired === 0 ? 'would not have fired' : `would have fired ${fired === 1 ? 'once' : fired === 2 ? 'twice' : `${fired} times`}`;
    const held = suppressed > 0 ? `, and ${suppressed} more held back by the cooldown` : '';
    return `It ${times} in the ${format.count(values, 'value')} shown (${length})${held}.`;
}
