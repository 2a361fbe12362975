// What every figure is made of: an SVG as text, in the colours of site/theme. Each colour is a name that the page
// fills in, light or dark, and a fallback for places where the page's colours do not reach (JupyterLab shows a figure
// as an image of its own). No style, no script, nothing loaded: see site/theme/README.md.

const colour = (name: string, fallback: string): string => `var(--${name}, ${fallback})`

export const COLOUR = {
  paper: colour('paper', '#fdfcf9'),
  panel: colour('panel', '#f4f2ec'),
  ink: colour('ink', '#23211e'),
  muted: colour('muted', '#605b53'),
  rule: colour('rule', '#d9d4c9'),
  accent: colour('accent', '#1f5a8c'),
  wal: colour('wal', '#8a4b08'),
  page: colour('page', '#0f6a5b'),
  ok: colour('ok', '#2c6e2f'),
  bad: colour('bad', '#a8261d'),
  accentSoft: colour('accent-soft', '#dfeaf4'),
  walSoft: colour('wal-soft', '#f6e6cf'),
  pageSoft: colour('page-soft', '#d8ede7'),
  okSoft: colour('ok-soft', '#deeeda'),
  badSoft: colour('bad-soft', '#f9dfdb'),
} as const

/** What a thing in a figure is; its colour follows from it. */
export type Kind = 'wal' | 'page' | 'accent' | 'ok' | 'bad' | 'plain'

/** Fill behind, and stroke around, a thing of this kind. */
export function coloursOf(kind: Kind): { fill: string; stroke: string } {
  if (kind === 'plain') return { fill: COLOUR.panel, stroke: COLOUR.muted }
  return { fill: COLOUR[`${kind}Soft`], stroke: COLOUR[kind] }
}

/** Width of every figure, in its own units: as wide as a column of text. */
export const WIDTH = 720
const MONO = colour('mono', 'monospace')
const SANS = colour('sans', 'sans-serif')

type Attributes = Readonly<Record<string, string | number | undefined>>

function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(String(value))}"`)
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`
}

const round = (n: number): number => Math.round(n * 100) / 100

/** Text as it may stand in SVG and HTML. */
export function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

export function rect(
  x: number,
  y: number,
  width: number,
  height: number,
  attributes: Attributes = {},
): string {
  return element('rect', { x, y, width: Math.max(0, width), height: Math.max(0, height), ...attributes })
}

/** A path in SVG's own words: `M10 20H40`. */
export function path(d: string, attributes: Attributes = {}): string {
  const rounded = d.replace(/-?\d+\.\d+/g, (n) => String(round(Number(n))))
  return element('path', { d: rounded, fill: 'none', stroke: COLOUR.muted, ...attributes })
}

export interface TextStyle {
  readonly size?: number
  readonly mono?: boolean
  readonly anchor?: 'start' | 'middle' | 'end'
  readonly fill?: string
  readonly weight?: number
}

export function text(x: number, y: number, words: string, style: TextStyle = {}): string {
  const { size = 13, mono = false, anchor, fill = COLOUR.ink, weight } = style
  const attributes = {
    x,
    y,
    'font-family': mono ? MONO : SANS,
    'font-size': size,
    fill,
    'font-weight': weight,
  }
  return element(
    'text',
    { ...attributes, 'text-anchor': anchor === 'start' ? undefined : anchor },
    escapeXml(words),
  )
}

/** About how wide text will be; fonts differ, so rather too much than too little. */
export function textWidth(words: string, { size = 13, mono = false }: TextStyle = {}): number {
  return words.length * size * (mono ? 0.62 : 0.56)
}

export interface Drawing {
  /** One sentence that says what is to be seen: read aloud in place of the picture. */
  readonly title: string
  /** Printed as the caption. */
  readonly description?: string
  readonly height: number
  readonly parts: readonly string[]
}

/** The figure. Its background is painted, so that it can be read on a dark page that does not know our colours. */
export function drawing({ title, description, height, parts }: Drawing): string {
  const size = { viewBox: `0 0 ${WIDTH} ${round(height)}`, width: WIDTH, height }
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' },
    [
      element('title', {}, escapeXml(title)),
      description === undefined ? '' : element('desc', {}, escapeXml(description)),
      element('rect', { width: '100%', height: '100%', fill: COLOUR.paper }),
      ...parts,
    ].join('\n'),
  )
}
