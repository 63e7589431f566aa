// Line icons of one weight, drawn here. They are decoration: names stand beside them.
import { svg } from './dom.js';

const PATHS = {
    overview: ['M4 16l4-5 4 3 4-8 4 5', 'M4 20h16'],
    bell: ['M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15z', 'M10 20.5a2 2 0 0 0 4 0'],
    mail: ['M4 6h16v12H4z', 'M4 7l8 6 8-6'],
    person: ['M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z', 'M5 20c.8-3.6 3.6-5.5 7-5.5s6.2 1.9 7 5.5'],
    pause: ['M8.5 6v12', 'M15.5 6v12'],
    plus: ['M12 5v14', 'M5 12h14'],
    back: ['M14 6l-6 6 6 6'],
    next: ['M10 6l6 6-6 6'],
    sun: ['M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1'],
    moon: ['M19 14.5A7.5 7.5 0 1 1 9.5 5a6 6 0 0 0 9.5 9.5z'],
    leave: ['M14 5H5v14h9', 'M10 12h10', 'M17 9l3 3-3 3'],
    search: ['M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z', 'M15.5 15.5L20 20'],
    up: ['M12 19V6', 'M6.5 11.5L12 6l5.5 5.5'],
    down: ['M12 5v13', 'M6.5 12.5L12 18l5.5-5.5'],
    check: ['M5 12.5l4.5 4.5L19 7.5'],
    clock: ['M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z', 'M12 8v4.5l3 2'],
    cross: ['M6 6l12 12M18 6L6 18'],
    hook: ['M9 17a3.5 3.5 0 1 1-4-5', 'M8 8a4 4 0 1 1 7 2l3 5', 'M12 7l-3 6M10 17h6a3 3 0 1 1-1 3'],
    copy: ['M9 9h10v11H9z', 'M15 9V4H5v11h4'],
    point: ['M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z', 'M3 12h6M15 12h6'],
};

export function icon(name, size = 20) {
    return svg('svg', {
        viewBox: '0 0 24 24', width: size, height: size, fill: 'none', stroke: 'currentColor', 'stroke-width': 1.7,
        'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', class: 'icon',
    }, PATHS[name].map((path) => svg('path', { d: path })));
}

// The mark beside the name: a value that crosses its threshold.
export function mark(size = 26) {
    return svg('svg', { viewBox: '0 0 32 32', width: size, height: size, 'aria-hidden': 'true', class: 'mark' },
        svg('rect', { width: 32, height: 32, rx: 8, class: 'mark-ground' }),
        svg('path', { d: 'M5 13h22', class: 'mark-threshold' }),
        svg('path', { d: 'M5 24l6-5 5 3 5-14 6 4', class: 'mark-value' }));
}
