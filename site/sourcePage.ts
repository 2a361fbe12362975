// A file of the project as a page of its own, for the places that quote it or link to it: lines can be named (#L41).

import { readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Highlighter } from './highlight.js'
import { sourcePageOf } from './links.js'
import { escapeHtml } from './markup.js'
import type { Page } from './page.js'
import { renderScrollBox, WIDE } from './scrollBox.js'

const LANGUAGES: Record<string, string> = {
  '.ts': 'typescript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.js': 'javascript',
  '.json': 'json',
  '.sql': 'sql',
}

/** `file` is a path from the project's root. */
export function sourcePage(root: string, file: string, highlighter: Highlighter): Page {
  const code = readFileSync(join(root, file), 'utf8').trimEnd()
  const lines = highlighter.highlight(code, LANGUAGES[extname(file)] ?? 'text').split('\n')
  const html = lines.map((line, at) => `<span class="line" id="L${at + 1}">${line}</span>`).join('\n')
  return {
    path: sourcePageOf(file),
    title: file,
    description: `${file}, as the course runs it.`,
    ribbon: '',
    main: `<div class="sheet source"><article>
<h1>${escapeHtml(file).replaceAll('/', '/<wbr>')}</h1>
${renderScrollBox(`<pre><code>${html}</code></pre>`, `Source of ${file}`, WIDE, 'code')}
</article></div>`,
    css: '',
  }
}
