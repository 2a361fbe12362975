// The frame of every page: head with its policy, header, main, footer.

import { escapeHtml } from './markup.js'
import { relativeUrl } from './links.js'
import { cspHash, type Theme } from './theme.js'

export const COURSE = 'PG Crash Course'

export interface Page {
  /** Where it lies on the site, for example 'chapters/01-wal.html'. */
  readonly path: string
  readonly title: string
  readonly description: string
  /** Stands under the header on chapter and exercise pages; '' elsewhere. */
  readonly ribbon: string
  readonly main: string
  /** Rules of this page only; '' when there are none. */
  readonly css: string
}

/** `home` is the URL of the first page; a 404 page, shown at any depth, needs an absolute one. */
export function renderPage(page: Page, theme: Theme, home = relativeUrl(page.path, 'index.html')): string {
  const title = page.path === 'index.html' ? page.title : `${page.title} · ${COURSE}`
  const pageCss = page.css === '' ? '' : `\n<style>${page.css}</style>`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(page, theme)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<meta name="description" content="${escapeHtml(page.description)}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${home.replace(/index\.html$/, 'icon.svg')}" type="image/svg+xml">
<script>${theme.earlyScript}</script>
<style>${theme.css}</style>${pageCss}
</head>
<body>
<a class="skip" href="#main">Skip to the text</a>
<header class="top">
<a class="brand" href="${home}">${COURSE}</a>
<button class="theme" type="button" hidden>Dark</button>
</header>
${page.ribbon}<main id="main" tabindex="-1">
${page.main}
</main>
<footer class="foot">
<p>Every output on these pages comes from a run of the code above it, on the files of a real PostgreSQL 18 that was
killed while it worked. Apache License 2.0.</p>
</footer>
<script>${theme.pageScript}</script>
</body>
</html>
`
}

/** Nothing from anywhere but this page: styles and scripts by their hash, images from the site itself. */
function contentPolicy(page: Page, theme: Theme): string {
  const styles = [theme.css, page.css].filter((css) => css !== '').map(cspHash)
  const scripts = [theme.earlyScript, theme.pageScript].map(cspHash)
  return [
    `default-src 'none'`,
    `style-src ${styles.join(' ')}`,
    `script-src ${scripts.join(' ')}`,
    `img-src 'self' data:`,
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ')
}
