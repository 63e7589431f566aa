// A list that comes in pages, with a button for the next one.
import { page } from '../core/api.js';
import { el } from '../core/dom.js';
import { empty, failed, report, skeleton } from './states.js';

// `path` and `name` as page() takes them; `item` makes an element of an item; `none` what is shown when there is none.
export class PageList {
    constructor({ path, name, query = {}, signal, item, none, wrap }) {
        Object.assign(this, { path, name, query, signal, item, none });
        this.items = wrap ?? el('ul', { class: 'list' });
        this.more = el('button', { class: 'button more', type: 'button', onclick: () => this.load() }, 'Show more');
        this.node = el('div', { class: 'page-list' });
        this.shown = new Set();
        this.reload();
    }

    // From the first page again; `query` if it has changed.
    reload(query = this.query) {
        this.query = query;
        this.cursor = undefined;
        this.items.replaceChildren();
        this.shown.clear();
        this.node.replaceChildren(skeleton(6));
        return this.load();
    }

    async load() {
        const { query, cursor } = this;
        this.more.setAttribute('aria-disabled', 'true');
        try {
            const part = await page(this.path, this.name, { query: { limit: 50, ...query, cursor }, signal: this.signal, mine: true });
            if (query === this.query) {
                this.show(part);
            }
        } catch (problem) {
            if (!this.signal.aborted && query === this.query) {
                report(problem);
                this.node.replaceChildren(this.items, failed(problem, () => (this.shown.size > 0 ? this.load() : this.reload())));
            }
        } finally {
            this.more.removeAttribute('aria-disabled');
        }
    }

    show({ items, next }) {
        const first = this.items.children.length;
        this.items.append(...items.map((one) => this.item(one)));
        items.forEach((one) => this.shown.add(one));
        this.cursor = next;
        if (this.shown.size === 0) {
            this.node.replaceChildren(empty(...this.none));
            return;
        }
        this.node.replaceChildren(this.items, ...(next ? [this.more] : []));
        if (first > 0) {
            // Whoever asked for more goes on reading where it begins.
            this.items.children[first]?.querySelector('a, button, summary')?.focus();
        }
    }
}
