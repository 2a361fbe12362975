// Code with colours: Shiki decides what a token is, the theme's stylesheet decides how it looks.
//
// Shiki's theme of CSS variables names a token's kind where a colour would stand. We turn the name into a class of one
// letter, so the page needs no inline style (its CSP forbids them) and the same HTML serves light, dark and print.

import { createCssVariablesTheme, createHighlighterCore, type ThemedToken } from 'shiki/core'
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript'
import { escapeHtml } from './markup.js'
import { SiteError } from './siteError.js'

export interface Highlighter {
  /** HTML for the inside of a `<code>`. `language` is a fence's first word; throws SiteError for an unknown one. */
  highlight(code: string, language: string): string
}

/** Kinds that get a class; everything else stays plain ink. Few colours: a page of a book, not a Christmas tree. */
const CLASS_OF_KIND: Record<string, string> = {
  keyword: 'k',
  string: 's',
  'string-expression': 's',
  constant: 'n',
  function: 'f',
  comment: 'c',
  inserted: 'i',
  deleted: 'd',
}

/** Grammars call every `const` name and every property of one a constant; here only values and basic types count. */
const LITERAL = /^\W*(?:\d|true|false|null|undefined|number|string|boolean|bigint|void|never|unknown)/

const PLAIN = new Set(['', 'text', 'txt', 'log', 'console', 'plain'])
const ALIASES: Record<string, string> = {
  ts: 'typescript',
  js: 'javascript',
  sh: 'shellscript',
  bash: 'shellscript',
  shell: 'shellscript',
}

let shared: Promise<Highlighter> | undefined

/** Grammars take a while to load; whoever asks gets the same highlighter. */
export function createHighlighter(): Promise<Highlighter> {
  shared ??= loadHighlighter()
  return shared
}

async function loadHighlighter(): Promise<Highlighter> {
  const theme = createCssVariablesTheme({ name: 'kinds' })
  const core = await createHighlighterCore({
    themes: [theme],
    langs: [
      import('shiki/dist/langs/typescript.mjs'),
      import('shiki/dist/langs/javascript.mjs'),
      import('shiki/dist/langs/json.mjs'),
      import('shiki/dist/langs/sql.mjs'),
      import('shiki/dist/langs/shellscript.mjs'),
      import('shiki/dist/langs/c.mjs'),
      import('shiki/dist/langs/diff.mjs'),
    ],
    engine: createJavaScriptRegexEngine(),
  })
  const known = new Set(core.getLoadedLanguages())

  function highlight(code: string, language: string): string {
    if (PLAIN.has(language)) return escapeHtml(code)
    const lang = ALIASES[language] ?? language
    if (!known.has(lang)) throw new SiteError(`no highlighting for the language "${language}"`)
    // No time limit: on a busy machine Shiki would give up within a line and call the rest of the text a comment.
    const lines = core.codeToTokensBase(code, { lang, theme: 'kinds', tokenizeTimeLimit: 0 })
    return lines.map(renderLine).join('\n')
  }
  return { highlight }
}

function renderLine(tokens: readonly ThemedToken[]): string {
  const runs: { kind: string; text: string }[] = []
  for (const token of tokens) {
    const kind = kindOf(token)
    const last = runs.at(-1)
    if (last !== undefined && (last.kind === kind || token.content.trim() === '')) last.text += token.content
    else runs.push({ kind, text: token.content })
  }
  return runs
    .map(({ kind, text }) => (kind ? `<span class="${kind}">${escapeHtml(text)}</span>` : escapeHtml(text)))
    .join('')
}

function kindOf(token: ThemedToken): string {
  const kind = CLASS_OF_KIND[/--shiki-token-([\w-]+)/.exec(token.color ?? '')?.[1] ?? ''] ?? ''
  // The n of 42n is part of the number.
  if (kind === 'k' && token.content === 'n') return 'n'
  const isOperator = kind === 'k' && !/\w/.test(token.content)
  return isOperator || (kind === 'n' && !LITERAL.test(token.content)) ? '' : kind
}
