// Alerts and deliveries in words.
import * as format from './format.js';

// "rose above 190"
export function alertVerb(alert, decimals = 0) {
    const threshold = format.number(alert.threshold, decimals);
    if (alert.edge === 'CLEARED') {
        return alert.side === 'HIGH' ? `is back below ${threshold}` : `is back above ${threshold}`;
    }
    if (alert.initial) {
        return alert.side === 'HIGH' ? `is above ${threshold}` : `is below ${threshold}`;
    }
    return alert.side === 'HIGH' ? `rose above ${threshold}` : `fell below ${threshold}`;
}

export function alertWords(alert) {
    return `${format.instrumentParts(alert.instrument).name} ${alertVerb(alert)}`;
}

// Where a value stands towards thresholds: 'high', 'low' or 'inside'.
export function standing(value, subscription) {
    if (subscription.high !== null && value > subscription.high) {
        return 'high';
    }
    return subscription.low !== null && value < subscription.low ? 'low' : 'inside';
}

// The end of the year 9999 stands for a pause without an end.
export const NO_END_MS = 253402300799999;

export function isPaused(subscription, now = Date.now()) {
    return (subscription.paused_until_ms ?? 0) > now;
}

export function pauseWords({ paused_until_ms: until }) {
    return until === NO_END_MS ? 'Paused until you resume it.' : `Paused until ${format.moment(until)}.`;
}

// Why nobody was told of an alert, as a remark.
export function quietWords(alert) {
    return alert.suppressed === 'paused' ? 'not told: paused' : 'held back by the cooldown';
}

const OUTCOMES = {
    SENT: { words: 'Sent', tone: 'good' },
    RETRY: { words: 'Will be tried again', tone: 'waiting' },
    REJECTED: { words: 'Refused', tone: 'bad' },
    EXPIRED: { words: 'Given up', tone: 'bad' },
    PENDING: { words: 'On its way', tone: 'waiting' },
};

export function outcome(name) {
    return OUTCOMES[name] ?? { words: name, tone: 'waiting' };
}

export function channelWords(kind) {
    return kind === 'WEBHOOK' ? 'Webhook' : kind === 'EMAIL' ? 'Mail' : 'Nowhere';
}

export function position({ topic, partition, offset }) {
    return `${topic}, partition ${partition}, offset ${offset}`;
}
