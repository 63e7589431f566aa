// Addresses of the page: "#/instruments/stock%3AAAPL?x=y" is a path of decoded segments and its parameters.

export function parse(hash) {
    const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
    let segments;
    try {
        segments = path.split('/').filter(Boolean).map(decodeURIComponent);
    } catch {
        segments = ['?'];
    }
    return { segments, parameters: new URLSearchParams(query) };
}

// to('instruments', 'fx:EUR/USD') is "#/instruments/fx%3AEUR%2FUSD".
export function to(...segments) {
    return `#/${segments.map(encodeURIComponent).join('/')}`;
}

// Replaces the address without an entry in the history.
export function redirect(hash) {
    location.replace(hash);
}
