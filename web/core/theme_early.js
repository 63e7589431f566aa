// Before anything is painted: the theme that was chosen here last. Not a module, so that it comes first.
try {
    const chosen = localStorage.getItem('soglia.theme');
    if (chosen === 'light' || chosen === 'dark') {
        document.documentElement.dataset.theme = chosen;
    }
} catch {
    // No storage: the system's theme it is.
}
