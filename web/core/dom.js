// Elements from data. Text is only ever text: nothing here parses HTML.

const SVG = 'http://www.w3.org/2000/svg';

// el('p', {class: 'note', onclick: f, hidden: true}, 'words', element, null)
// An attribute that is null, undefined or false is left out; true gives an empty one.
export function el(tag, attributes, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (name.startsWith('on')) {
            node.addEventListener(name.slice(2), value);
        } else if (value === true) {
            node.setAttribute(name, '');
        } else if (value !== null && value !== undefined && value !== false) {
            node.setAttribute(name, String(value));
        }
    }
    append(node, children);
    return node;
}

function append(node, children) {
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined && child !== false) {
            node.append(child);
        }
    }
}

// Puts children in the place of what is there.
export function replace(node, ...children) {
    node.replaceChildren();
    append(node, children);
}

// A name that breaks behind its signs rather than within a word.
export function breakable(name) {
    return name.split(/(?<=[:/_.-])/).flatMap((part, i) => (i === 0 ? [part] : [document.createElement('wbr'), part]));
}

let ids = 0;

// An id that no other element has.
export function uniqueId(prefix) {
    ids += 1;
    return `${prefix}-${ids}`;
}

// A function that calls `work` once per frame at most.
export function perFrame(work) {
    let asked = 0;
    return () => {
        cancelAnimationFrame(asked);
        asked = requestAnimationFrame(work);
    };
}
