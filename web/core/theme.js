// Light or dark: the system's wish until somebody chooses.

const KEY = 'soglia.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set();

export function isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === 'dark' : system.matches;
}

export function toggle() {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    try {
        localStorage.setItem(KEY, next);
    } catch {
        // It lasts as long as the page, then.
    }
    tell();
}

// Calls `listener` when the colours have changed; the signal ends that.
export function onChange(listener, signal) {
    listeners.add(listener);
    signal?.addEventListener('abort', () => listeners.delete(listener));
}

// The present value of a colour of the style sheet, for what is drawn on a canvas.
export function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function tell() {
    for (const listener of listeners) {
        listener();
    }
}

system.addEventListener('change', tell);
