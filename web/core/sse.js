// Server-sent events as bytes bring them (WHATWG HTML, "Server-sent events"): text in pieces, events out.

export class EventReader {
    constructor() {
        this.rest = '';
        this.lastId = '';
        this.reached = ''; // The id of the last block that was whole, with an event or without.
        this.clear();
    }

    clear() {
        this.event = '';
        this.data = [];
    }

    // The events that this piece of text completes: {event, data, id}.
    push(text) {
        const events = [];
        this.rest += text;
        for (;;) {
            const end = /\r\n|\n|\r(?!$)/.exec(this.rest);
            if (end === null) {
                return events;
            }
            const line = this.rest.slice(0, end.index);
            this.rest = this.rest.slice(end.index + end[0].length);
            const event = this.line(line);
            if (event !== null) {
                events.push(event);
            }
        }
    }

    line(line) {
        if (line === '') {
            this.reached = this.lastId;
            const event = this.data.length > 0 ? { event: this.event || 'message', data: this.data.join('\n'), id: this.lastId } : null;
            this.clear();
            return event;
        }
        const colon = line.indexOf(':');
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
        if (field === 'event') {
            this.event = value;
        } else if (field === 'data') {
            this.data.push(value);
        } else if (field === 'id' && !value.includes('\0')) {
            this.lastId = value;
        }
        return null;
    }
}
