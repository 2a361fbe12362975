// Runs before the first paint: a reader's own choice of theme, when there is one.
try {
  const chosen = localStorage.getItem('theme')
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
} catch {
  // No storage (a page opened from disk, or a strict browser): the system's choice stands.
}
