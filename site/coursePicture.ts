// The picture on the first page: the whole story on one line of log.
//
//   ├─┬──┬─┬▓▓┬──┬─┬──┬─┬──┬ ─ ─ ┤ ⚡   ┊▓▓┊
//        ▲redo  ▲checkpoint   ▲open      ▲final checkpoint
//
// It is a drawing, not data; the figures inside the chapters are drawn from bytes.

interface Record {
  readonly x: number
  readonly width: number
  readonly kind: 'record' | 'checkpoint' | 'open' | 'final'
}

const TOP = 96
const HEIGHT = 36
const BOTTOM = TOP + HEIGHT
const CRASH = 556

const RECORDS: readonly Record[] = [
  ...boxes(24, [26, 34, 22, 40], 'record'),
  ...boxes(146, [30, 24, 36, 22], 'record'),
  ...boxes(258, [46], 'checkpoint'),
  ...boxes(304, [28, 38, 22, 32, 26, 40, 24], 'record'),
  ...boxes(514, [42], 'open'),
  ...boxes(632, [52], 'final'),
]

function boxes(from: number, widths: readonly number[], kind: Record['kind']): Record[] {
  let x = from
  return widths.map((width) => {
    const record = { x, width, kind }
    x += width
    return record
  })
}

const REDO_POINT = 146

/** The picture as a `<figure>` in its scroll box. */
export function coursePicture(): string {
  const label =
    'The log as a row of records: from the redo point, which the last checkpoint names, replay runs to the crash; ' +
    'one transaction is still open there; data files follow, temporary ones go, a final checkpoint ends the story.'
  return `<div class="scroll figure hero" tabindex="0" role="group" aria-label="The course in one picture"><figure>
<svg viewBox="0 0 720 268" role="img" aria-label="${label}" font-family="var(--sans)" font-size="13">
${RECORDS.map(renderRecord).join('')}
${axis()}${replay()}${pointer()}${crash()}${files()}${labels()}
</svg></figure></div>`
}

const FILLS: { readonly [kind in Record['kind']]: string } = {
  record: 'fill="var(--wal-soft)" stroke="var(--wal)"',
  checkpoint: 'fill="var(--accent)" stroke="var(--accent)"',
  open: 'fill="var(--bad-soft)" stroke="var(--bad)"',
  final: 'fill="var(--accent-soft)" stroke="var(--accent)" stroke-dasharray="4 3"',
}

function renderRecord({ x, width, kind }: Record): string {
  return `<rect x="${x}" y="${TOP}" width="${width}" height="${HEIGHT}" ${FILLS[kind]}/>`
}

/** Positions in the log are byte positions: a ruler, not a counter. */
function axis(): string {
  const ticks = Array.from({ length: 28 }, (_, n) => {
    const x = 24 + n * 24
    return `M${x} ${BOTTOM + 10}v${n % 4 === 0 ? 9 : 5}`
  })
  return `<path d="M24 ${BOTTOM + 10}H690${ticks.join('')}" stroke="var(--muted)" fill="none"/>`
}

function replay(): string {
  const y = TOP - 34
  return `<path d="M${REDO_POINT} ${TOP - 6}V${y}H${CRASH - 6}m-8 -5l8 5l-8 5" fill="none" stroke="var(--ink)" stroke-width="1.8"/>`
}

/** The checkpoint record names the redo point that lies before it. */
function pointer(): string {
  return `<path d="M272 ${TOP - 4}C262 ${TOP - 26} 176 ${TOP - 26} ${REDO_POINT + 8} ${TOP - 6}m10 -5l-10 5l2 -11" fill="none" stroke="var(--accent)" stroke-width="1.5"/>`
}

function crash(): string {
  return `<path d="M${CRASH + 12} 28l-14 44h14l-12 40h12l-14 44" fill="none" stroke="var(--bad)" stroke-width="2.5" stroke-linejoin="round"/>`
}

/** Data files below the log; the last two are temporary and do not survive the start. */
function files(): string {
  const page = (n: number): string =>
    `<rect x="${146 + n * 34}" y="196" width="26" height="32" fill="var(--page-soft)" stroke="var(--page)"/>`
  const temporary = (n: number): string => {
    const x = 422 + n * 34
    return `<rect x="${x}" y="196" width="26" height="32" fill="none" stroke="var(--muted)" stroke-dasharray="3 3"/><path d="M${x + 4} 201l18 22m0 -22l-18 22" stroke="var(--bad)" stroke-width="1.5"/>`
  }
  return [0, 1, 2, 3, 4, 5, 6].map(page).join('') + [0, 1].map(temporary).join('')
}

function labels(): string {
  return [
    step(1, 24, TOP - 12, 'WAL'),
    step(2, 24, BOTTOM + 40, 'LSN'),
    step(3, 258, BOTTOM + 40, 'Checkpoint'),
    step(4, 290, TOP - 46, 'Startup: replay from the redo point'),
    step(5, 494, BOTTOM + 40, 'Abort'),
    step(6, 422, 254, 'Temp cleanup'),
    step(7, 574, BOTTOM + 40, 'Final checkpoint'),
    `<text x="146" y="250" fill="var(--muted)">data files: pages older than the log</text>`,
    `<text x="${CRASH + 20}" y="40" fill="var(--bad)">the crash</text>`,
  ].join('')
}

function step(number: number, x: number, y: number, name: string): string {
  return `<circle cx="${x + 9}" cy="${y - 5}" r="9" fill="var(--ink)"/><text x="${x + 9}" y="${y}" fill="var(--paper)" text-anchor="middle" font-weight="600">${number}</text><text x="${x + 24}" y="${y}" fill="var(--ink)">${name}</text>`
}
