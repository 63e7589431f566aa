// The pause of one subscription: how it stands, for how long it shall be, and its end.
import { el, replace } from '../core/dom.js';
import { icon } from '../core/icons.js';
import { isPaused, NO_END_MS, pauseWords } from '../core/words.js';
import { busy } from './fields.js';

const DAY = 24 * 3600000;
const CHOICES = [['Pause for a day', DAY], ['Pause for a week', 7 * DAY], ['Pause until I resume it', null]];
const TIMER_MAX_MS = 2 ** 31 - 1; // Longer ones would be over at once.

// `onChange(until)` sends the new end in ms, null for none, and shows what goes wrong itself. `signal` ends what waits.
export function pauseControl({ subscription, onChange, signal }) {
    const control = new PauseControl(subscription, onChange);
    signal?.addEventListener('abort', () => clearTimeout(control.timer));
    return { state: control.state, choices: control.choices, setSubscription: (fresh) => control.setSubscription(fresh) };
}

class PauseControl {
    constructor(subscription, onChange) {
        this.onChange = onChange;
        this.state = el('div', { class: 'pause-state' });
        this.summary = el('summary');
        this.choices = el('details', { class: 'pause-choices' }, this.summary, el('div', { class: 'actions' },
            CHOICES.map(([words, ms]) => {
                const button = el('button', { class: 'button button-small', type: 'button', onclick: () => this.change(button, ms === null ? NO_END_MS : Date.now() + ms) }, words);
                return button;
            })));
        this.setSubscription(subscription);
    }

    setSubscription(subscription) {
        this.subscription = subscription;
        this.draw();
    }

    draw() {
        clearTimeout(this.timer);
        const paused = isPaused(this.subscription);
        this.state.hidden = !paused;
        this.summary.textContent = paused ? 'Change the pause' : 'Pause';
        if (!paused) {
            replace(this.state);
            return;
        }
        this.resume = el('button', { class: 'button button-small', type: 'button', onclick: () => this.change(this.resume, null) }, 'Resume');
        replace(this.state, icon('pause', 18), el('p', null, el('strong', null, pauseWords(this.subscription)), ' What happens is recorded, and you are not told.'), this.resume);
        this.timer = setTimeout(() => this.draw(), Math.min(this.subscription.paused_until_ms - Date.now(), TIMER_MAX_MS));
    }

    // What was pressed may be gone afterwards: the focus goes to what undoes it.
    async change(button, until) {
        await busy(button, async () => {
            if (!await this.onChange(until)) {
                return;
            }
            this.choices.open = false;
            (isPaused(this.subscription) ? this.resume : this.summary).focus();
        });
    }
}
