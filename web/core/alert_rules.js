// What docs/alert-rules.md says, for the preview: which alerts a subscription raises on a series of quotes. Pure; the stream processor is
// another program and the one that decides.

export const SIDES = ['LOW', 'HIGH'];

const UNKNOWN = 0;
const CLEAR = 1;
const PENDING = 2;
const VIOLATED = 3;

function isBeyond(side, value, threshold) {
    return side === 'HIGH' ? value > threshold : value < threshold;
}

function clears(side, value, threshold, rearm) {
    if (side === 'HIGH') {
        return rearm === 0 ? value <= threshold : value <= threshold - rearm;
    }
    return rearm === 0 ? value >= threshold : value >= threshold + rearm;
}

function newSide() {
    return { state: UNKNOWN, since: 0, wasClear: false, suppressed: null, lastEntered: null };
}

// The rules of one subscription. Fields of `subscription` are those of the record; absent ones have its defaults.
export class AlertRules {
    // `last` is the instrument's last quote, {value, eventTime}, if there was one; change() judges on it.
    constructor(subscription, last = null) {
        this.sides = {};
        this.last = last;
        this.take(subscription);
    }

    // Judges a quote and returns its alerts in order: {side, edge, initial, threshold, value, previousValue, eventTime, suppressed}.
    quote(value, eventTime) {
        if (this.last !== null && eventTime < this.last.eventTime) {
            return [];
        }
        const previousValue = this.last === null ? null : this.last.value;
        this.last = { value, eventTime };
        return this.judge(previousValue);
    }

    // Takes a new version of the subscription and returns the alerts that it raises at the last quote.
    change(subscription) {
        this.take(subscription);
        return this.last === null ? [] : this.judge(null);
    }

    take(subscription) {
        const old = this.rule;
        const active = subscription.active ?? true;
        this.rule = {
            LOW: active ? subscription.low ?? null : null,
            HIGH: active ? subscription.high ?? null : null,
            rearm: subscription.rearm ?? 0,
            holdMs: subscription.hold_ms ?? 0,
            cooldownMs: subscription.cooldown_ms ?? 0,
            pausedUntil: subscription.paused_until_ms ?? 0,
        };
        for (const side of SIDES) {
            this.sides[side] = this.carriedOver(old, side);
        }
    }

    // The state with which a side begins under the new rule; null without a threshold.
    carriedOver(old, side) {
        if (this.rule[side] === null) {
            return null;
        }
        const state = this.sides[side];
        if (!state) {
            return newSide();
        }
        const unchanged = old[side] === this.rule[side] && old.rearm === this.rule.rearm && old.holdMs === this.rule.holdMs;
        if (state.state === PENDING && !unchanged) {
            state.state = state.wasClear ? CLEAR : UNKNOWN;
        }
        return state;
    }

    judge(previousValue) {
        const alerts = [];
        for (const side of SIDES) {
            const state = this.sides[side];
            const raised = state === null ? null : this.judgeSide(side, state);
            if (raised !== null) {
                alerts.push({
                    side, edge: raised.edge, initial: raised.initial, threshold: this.rule[side], value: this.last.value,
                    previousValue, eventTime: this.last.eventTime, suppressed: state.suppressed ?? (this.isPaused() ? 'paused' : null),
                });
            }
        }
        // CLEARED before ENTERED, LOW before HIGH.
        return alerts.sort((a, b) => (a.edge === 'CLEARED' ? 0 : 1) - (b.edge === 'CLEARED' ? 0 : 1));
    }

    // One cell of the page's table.
    judgeSide(side, state) {
        const { value, eventTime } = this.last;
        const beyond = isBeyond(side, value, this.rule[side]);
        if (state.state === VIOLATED) {
            if (!clears(side, value, this.rule[side], this.rule.rearm)) {
                return null;
            }
            state.state = CLEAR;
            return { edge: 'CLEARED', initial: false };
        }
        if (!beyond) {
            state.state = CLEAR;
            return null;
        }
        if (state.state === PENDING) {
            return eventTime - state.since >= this.rule.holdMs ? this.enter(state, !state.wasClear) : null;
        }
        const wasClear = state.state === CLEAR;
        if (this.rule.holdMs === 0) {
            return this.enter(state, !wasClear);
        }
        Object.assign(state, { state: PENDING, since: eventTime, wasClear });
        return null;
    }

    enter(state, initial) {
        const { eventTime } = this.last;
        const cooling = this.rule.cooldownMs > 0 && state.lastEntered !== null
            && eventTime - state.lastEntered < this.rule.cooldownMs;
        state.state = VIOLATED;
        state.suppressed = this.isPaused() ? 'paused' : cooling ? 'cooldown' : null;
        if (state.suppressed === null) {
            state.lastEntered = eventTime;
        }
        return { edge: 'ENTERED', initial };
    }

    isPaused() {
        return this.last.eventTime < this.rule.pausedUntil;
    }
}

// How often a subscription would have fired in a history: parallel arrays of values and event times in the order of time.
// `at` are the positions in the history at which it would have. It is of the thresholds: a pause is left out, which hides all of the past.
export function preview(subscription, values, eventTimes) {
    const rules = new AlertRules({ ...subscription, paused_until_ms: null });
    const result = { fired: 0, low: 0, high: 0, suppressed: 0, at: [] };
    for (let i = 0; i < values.length; i++) {
        for (const alert of rules.quote(values[i], eventTimes[i])) {
            if (alert.edge !== 'ENTERED') {
                continue;
            }
            if (alert.suppressed !== null) {
                result.suppressed += 1;
                continue;
            }
            result.fired += 1;
            result[alert.side === 'LOW' ? 'low' : 'high'] += 1;
            result.at.push(i);
        }
    }
    return result;
}

// What is wrong with a subscription's numbers, as {pointer, detail}; null when nothing is.
export function fault(subscription) {
    const { low = null, high = null, rearm = 0 } = subscription;
    if (low === null && high === null) {
        return { pointer: '/high', detail: 'Give a low or a high threshold, or both.' };
    }
    if (!(rearm >= 0)) {
        return { pointer: '/rearm', detail: 'This cannot be negative.' };
    }
    if (low !== null && high !== null && low + rearm > high - rearm) {
        return {
            pointer: low > high ? '/low' : '/rearm',
            detail: low > high ? 'The low threshold is above the high one.' : 'With this no value would be clear on both sides.',
        };
    }
    return null;
}
