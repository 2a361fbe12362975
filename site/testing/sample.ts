// A small course for the tests: two chapters, an exercise, an engine file to quote, and every kind of output.

import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { RunNotebook } from '../execute.js'

type Json = Record<string, unknown>

export function notebook(...cells: Json[]): string {
  const kernelspec = { name: 'tslab', display_name: 'TypeScript', language: 'typescript' }
  return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells })
}

export function markdown(source: string): Json {
  return { cell_type: 'markdown', metadata: {}, source: lines(source) }
}

export function code(source: string, outputs: Json[] = [], tags: string[] = []): Json {
  return { cell_type: 'code', metadata: { tags }, execution_count: null, source: lines(source), outputs }
}

export function stdout(text: string): Json {
  return { output_type: 'stream', name: 'stdout', text: lines(text) }
}

export function stderr(text: string): Json {
  return { output_type: 'stream', name: 'stderr', text: lines(text) }
}

export function display(mime: string, value: unknown, metadata: Json = {}): Json {
  return { output_type: 'display_data', data: { [mime]: value }, metadata }
}

export function failure(ename: string, evalue: string): Json {
  return {
    output_type: 'error',
    ename,
    evalue,
    traceback: [`\u001b[31m${ename}\u001b[0m: ${evalue}`, '    at cell:3'],
  }
}

/** nbformat keeps text as lines that end in \n. */
function lines(text: string): string[] {
  return text.split(/(?<=\n)/)
}

const HEX_DUMP = Array.from(
  { length: 34 },
  (_, n) =>
    `${(n * 16).toString(16).padStart(8, '0')}  18 d1 07 00 01 00 00 00 00 00 50 01 00 00 00 00  |..........P.....|`,
).join('\n')

export const FIGURE = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 120" font-family="var(--sans, sans-serif)" font-size="14">
<title>Three records behind a page header; the third does not end on this page.</title>
<desc>The first page of the segment.</desc>
<rect width="100%" height="100%" fill="var(--paper, #fdfcf9)"/>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0l8 4l-8 4" fill="var(--ink, #23211e)"/></marker></defs>
<rect x="10" y="40" width="90" height="40" fill="var(--panel, #f4f2ec)" stroke="var(--muted, #605b53)"/><text x="20" y="65" fill="var(--ink, #23211e)">header</text>
<rect x="100" y="40" width="230" height="40" fill="var(--wal-soft, #f6e6cf)" stroke="var(--wal, #8a4b08)"/><text x="110" y="65" fill="var(--ink, #23211e)">Heap INSERT</text>
<rect x="330" y="40" width="160" height="40" fill="var(--ok-soft, #deeeda)" stroke="var(--ok, #2c6e2f)"/><text x="340" y="65" fill="var(--ok, #2c6e2f)">Transaction COMMIT</text>
<rect x="490" y="40" width="220" height="40" fill="var(--bad-soft, #f9dfdb)" stroke="var(--bad, #a8261d)" stroke-dasharray="5 4"/><text x="500" y="65" fill="var(--bad, #a8261d)">torn</text>
<path d="M20 105H680" style="stroke: var(--ink, #23211e)" marker-end="url(#tip)"/>
</svg>`

const TABLE = `<table><caption>Fields of the first page header</caption>
<thead><tr><th scope="col">field</th><th scope="col" class="num">offset</th><th scope="col">value</th><th scope="col">what it says about the rest of this segment</th></tr></thead>
<tbody><tr><th scope="row" class="mono">xlp_magic</th><td class="num">0</td><td class="mono wal">0xD118</td><td>PostgreSQL 18 wrote this page, and no other version did</td></tr>
<tr class="on"><th scope="row" class="mono">xlp_pageaddr</th><td class="num">8</td><td class="mono" style="font-weight: 600">0/1000000</td><td>where in the log the page belongs: a page left from an older use says something else</td></tr></tbody></table>`

const FIRST = notebook(
  markdown(
    `# 1. The log that is always ahead\n\n**A server lost its power a moment ago: which of its files can you believe?**\n\nAfter this chapter you can read the first page of a log segment by eye, and say what each byte is for. Nothing here is made up: the bytes are those of a "real" PostgreSQL.`,
  ),
  code(`import { openScene, hexdump } from 'pgcrash'

const scene = await openScene('bank') // a data directory, killed while it worked
const segment = scene.disk.read('pg_wal/000000010000000000000001', 0, 8192)`),
  markdown(
    `## Predict before you run\n\nThe first two bytes are a *magic number*. PostgreSQL calls the field \`xlp_magic\`.\n\n| field | bytes | PostgreSQL's name for it |\n|---|---|---|\n| magic | 2 | \`xlp_magic\` |\n| flags | 2 | \`xlp_info\` |\n\n- [ ] one page is 8192 bytes\n- a segment is 16 MB\n\n> A log is only as good as the disk below it.`,
  ),
  code(`console.log(hexdump(segment.subarray(0, 544)))`, [stdout(`${HEX_DUMP}\n`)]),
  markdown(`## The picture\n\nThe same bytes, drawn.`),
  code(`figure(segment)`, [display('image/svg+xml', FIGURE)]),
  code(`table(header)`, [display('text/html', TABLE)]),
  code(`display.json(header)`, [display('application/json', { xlp_magic: 53528, xlp_info: 2, xlp_tli: 1 })]),
  markdown(
    `## How the engine reads it\n\nThis is the function, as it runs:\n\n\`\`\`ts quote=engine/format/walPage.ts#readPageHeader\n// engine/format/walPage.ts\n\`\`\`\n\nIt says in its own words what it [refuses](../engine/format/walPage.ts). Compare [chapter 2](02-lsn.ipynb#where-a-byte-lies).\n\n\`\`\`sql\nSELECT * FROM pg_get_wal_records_info('0/1000000', '0/2000000');\n\`\`\``,
  ),
  markdown(`## Break it\n\n### One byte is enough\n\nFlip a byte, and read the sentence that comes back.`),
  code(
    `readPageHeader(flipped)`,
    [
      failure(
        'CorruptData',
        'invalid magic number 0000 in WAL segment 000000010000000000000001, LSN 0/1000000, offset 0',
      ),
    ],
    ['raises-exception'],
  ),
  code(`console.log(log)`, [
    stdout(
      '\u001b[32mLOG:  database system was not properly shut down; automatic recovery in progress\u001b[39m\nLOG:  redo starts at 0/17A1F90\nLOG:  invalid record length at 0/17CABC8: expected at least 24, got 0\nLOG:  redo done at 0/17CAB90 system usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: 0.00 s\n',
    ),
  ]),
  markdown(`## Your turn\n\nThe [exercise](../exercises/01-wal.ipynb) asks you for the checksum.`),
)

const SECOND = notebook(
  markdown(
    `# 2. Where a byte lies\n\nWhich file, and which byte in it, does 0/17A1F90 mean?\n\nA position in the log is a number of bytes.`,
  ),
  markdown(`## Where a byte lies\n\nShort, but long enough.`),
  code(`console.log(lsnToFile('0/17A1F90'))`, [stdout('000000010000000000000001, offset 8003472\n')]),
)

const EXERCISE = notebook(
  markdown(
    `# Exercise 1. The record's checksum\n\nGo back to [the chapter](../chapters/01-wal.ipynb) when you need the layout.`,
  ),
  markdown(`## The part`),
  code(
    `function recordCrc(record: Uint8Array): number {\n  throw new NotStarted('recordCrc')\n}\n\nawait check('recordCrc', recordCrc)`,
    [stdout('recordCrc: not started\n')],
    ['your-turn'],
  ),
)

const SOURCE = `/** What stands at the head of every page of the log. */
export interface PageHeader {
  readonly xlp_magic: number
}

/** Reads the header. Throws CorruptData for another magic number. */
export function readPageHeader(page: DataView): PageHeader {
  // Two bytes that every version of PostgreSQL changes.
  const xlp_magic = page.getUint16(0, true)
  if (xlp_magic !== 0xd118) throw new Error(\`invalid magic number \${xlp_magic.toString(16)}\`)
  return { xlp_magic }
}

export class Reader {
  next(): string {
    return 'record'
  }
}

export const table = {
  redo(): void {},
}
`

const FILES: Record<string, string> = {
  'chapters/01-wal.ipynb': FIRST,
  'chapters/02-lsn.ipynb': SECOND,
  'exercises/01-wal.ipynb': EXERCISE,
  'engine/format/walPage.ts': SOURCE,
}

/** A new folder with the sample course, \`changes\` laid over it; the caller removes it. */
export function writeSample(changes: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'pgcrash-site-'))
  for (const [path, text] of Object.entries({ ...FILES, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

/** Stands in for the kernel: the sample's outputs are written down already. Notes what it was asked to run. */
export function pretendToRun(asked: string[] = []): RunNotebook {
  return async (notebook, { outDir }) => {
    asked.push(notebook)
    const executed = join(outDir, basename(notebook))
    cpSync(notebook, executed)
    return { notebook, status: 'ok', executed }
  }
}
