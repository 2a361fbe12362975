// HTML and SVG as text: escaping, and a scanner that walks the tags of a fragment.
//
// The fragments come from our own notebooks and from markdown-it, so they are well formed; the scanner needs to know
// tags, attributes and comments, and nothing of the HTML standard's repairs.

export interface Tag {
  readonly name: string
  readonly kind: 'open' | 'close'
  readonly selfClosing: boolean
  /** Attributes in the order written; a bare attribute has the value ''. Values have their entities decoded. */
  readonly attributes: Map<string, string>
  readonly start: number
  readonly end: number
}

const TAG =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<!doctype[^>]*>|<(\/?)([a-zA-Z][\w:.-]*)((?:\s+[^\s=>/"']+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?)*)\s*(\/?)>/gi
const ATTRIBUTE = /([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g

/** Escapes text for element content and for double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' }

export function decodeEntities(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (decimal) return String.fromCodePoint(Number(decimal))
    return NAMED[name] ?? whole
  })
}

/** Every tag of the fragment, in order; comments, declarations and text are passed over. */
export function* scanTags(html: string): Generator<Tag> {
  for (const match of html.matchAll(TAG)) {
    const [whole, slash, name, attributeText, selfClosing] = match
    const start = match.index ?? 0
    if (name === undefined) continue
    const attributes = new Map<string, string>()
    for (const [, key, double, single, bare] of (attributeText ?? '').matchAll(ATTRIBUTE)) {
      attributes.set(key as string, decodeEntities(double ?? single ?? bare ?? ''))
    }
    yield {
      name,
      kind: slash ? 'close' : 'open',
      selfClosing: Boolean(selfClosing),
      attributes,
      start,
      end: start + whole.length,
    }
  }
}

/** Rewrites the attributes of every opening tag: `change` edits the map it is given, or returns 'drop' for the tag. */
export function rewriteTags(html: string, change: (tag: Tag) => 'drop' | void): string {
  let out = ''
  let at = 0
  for (const tag of scanTags(html)) {
    if (tag.kind === 'close') continue
    out += html.slice(at, tag.start)
    if (change(tag) !== 'drop') out += openTag(tag)
    at = tag.end
  }
  return out + html.slice(at)
}

function openTag(tag: Tag): string {
  const attributes = [...tag.attributes].map(([key, value]) => ` ${key}="${escapeHtml(value)}"`)
  return `<${tag.name}${attributes.join('')}${tag.selfClosing ? '/' : ''}>`
}

/** The words of a fragment, without tags, in one line. */
export function plainText(html: string): string {
  return decodeEntities(html.replace(TAG, '')).replace(/\s+/g, ' ').trim()
}

/** "What WAL is for" becomes "what-wal-is-for". */
export function slugify(text: string): string {
  const slug = text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
  return slug || 'section'
}
