// The theme as a page carries it: one stylesheet, one script before the first paint, one after the page is there.
//
// All three stand in the page itself. A page is then one request, also opens straight from disk, and its CSP can name
// the hashes of exactly these texts and allow nothing else.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

export interface Theme {
  readonly css: string
  /** Sets the chosen theme before anything is drawn, so that nothing flashes. */
  readonly earlyScript: string
  readonly pageScript: string
}

const STYLESHEETS = ['palette.css', 'base.css', 'layout.css', 'cells.css', 'print.css']

export function readTheme(): Theme {
  return {
    css: STYLESHEETS.map((name) => squeezeCss(read(name))).join(''),
    earlyScript: squeezeScript(read('early.js')),
    pageScript: squeezeScript(read('page.js')),
  }
}

function read(name: string): string {
  return readFileSync(new URL(`theme/${name}`, import.meta.url), 'utf8')
}

/** Takes out comments and the white space that only people need. */
export function squeezeCss(css: string): string {
  return css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/\s*([{};,])\s*/g, '$1')
    .replace(/;}/g, '}')
    .trim()
}

/** Takes out whole-line comments and indentation; statements stay on their lines. */
export function squeezeScript(script: string): string {
  return script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('//'))
    .join('\n')
}

/** What a CSP calls this text. */
export function cspHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
