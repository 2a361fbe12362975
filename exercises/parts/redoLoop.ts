// The redo loop: record after record, block after block, each applied or passed over, each applied one stamped. Pages
// are their LSNs here, and nothing else.

import fc from 'fast-check'
import {
  BKPBLOCK,
  BKPIMAGE,
  BLCKSZ,
  formatLsn,
  initBlockForRedo,
  initPage,
  isNewPage,
  nodeDisk,
  pageLsn,
  pageOf,
  readBlockForRedo,
  relationPath,
  setPageLsn,
  stamp,
  type BlockRef,
  type CrashedScene,
  type WalRecord,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { recordsOf } from '../scene/contents.js'
import { blockRef, emptyRelation, recordAt, type Span } from './oneRelation.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { columns, inOrder, sides, type ComparedRow } from '../drawing/columns.js'

/** A block that a record touches: does the record carry an image to restore, does redo make the page from nothing? */
export interface LoopBlock {
  readonly block: number
  readonly image: boolean
  readonly willInit: boolean
}
export interface LoopRecord extends Span {
  readonly blocks: readonly LoopBlock[]
}
export interface Replayed {
  /** What was applied, in order: index of the record, block. */
  applied: [record: number, block: number][]
  /** LSN of each page of the file at the end; 0 for a page of zeroes. */
  pages: bigint[]
}
export type LoopInput = [pages: readonly bigint[], records: readonly LoopRecord[]]

export const looping: Contract<LoopInput, Replayed> = {
  name: 'redoLoop',
  draw: drawLoop,
  reference: replayedByEngine,
  show: (pages, records) => [pagesText(pages), ...records.map(recordText)].join('\n'),
  showAnswer: (answer) => (isReplayed(answer) ? replayedText(answer) : 'no { applied, pages }'),
}

function pagesText(pages: readonly bigint[]): string {
  const texts = pages.map((lsn, block) => `${block}: ${lsn === 0n ? 'zeroes' : formatLsn(lsn)}`)
  return `pages      ${texts.length === 0 ? 'none, the file is empty' : texts.join('   ')}`
}

function recordText({ lsn, endLsn, blocks }: LoopRecord, index: number): string {
  const touched = blocks.map(
    ({ block, image, willInit }) =>
      `block ${block}${image ? ' with an image' : ''}${willInit ? ' WILL_INIT' : ''}`,
  )
  return `record ${index}   ${formatLsn(lsn)} to ${formatLsn(endLsn)}: ${touched.join(', ')}`
}

function replayedText({ applied, pages }: Replayed): string {
  const list = applied.map(([record, block]) => `record ${record} to block ${block}`)
  return `${list.length === 0 ? 'nothing applied' : `applied ${list.join(', ')}`}\n${pagesText(pages)}`
}

function isReplayed(answer: unknown): answer is Replayed {
  const { applied, pages } = (answer ?? {}) as Partial<Replayed>
  const isLsn = (lsn: unknown): boolean => typeof lsn === 'bigint' && lsn >= 0n
  const isPair = (pair: unknown): boolean =>
    Array.isArray(pair) && pair.length === 2 && pair.every((n) => typeof n === 'number')
  return Array.isArray(applied) && applied.every(isPair) && Array.isArray(pages) && pages.every(isLsn)
}

/** The engine's answer: its four outcomes for each block, its stamp. */
function replayedByEngine(pages: readonly bigint[], records: readonly LoopRecord[]): Replayed {
  const { pool, file, context } = emptyRelation()
  pages.forEach((lsn, block) => {
    const page = pool.zeroed(file, block)
    if (lsn === 0n) return
    initPage(page, 0)
    setPageLsn(page, Number(lsn >> 32n), Number(lsn & 0xffffffffn))
  })
  const applied: [number, number][] = []
  records.forEach((spec, index) => {
    const record = recordWith(spec)
    pool.beginRecord()
    for (const ref of record.blocks) {
      const asked = ref.willInit ? initBlockForRedo : readBlockForRedo
      const { outcome, page } = asked(context, record, ref.id)
      if (outcome === 'needsRedo') {
        if (ref.willInit) initPage(page, 0)
        stamp(context, record, page)
      }
      if (outcome === 'needsRedo' || outcome === 'restored') applied.push([index, ref.block])
    }
    context.touched.length = 0
  })
  const lsnOf = (block: number): bigint => {
    const page = pool.read(file, block)
    return isNewPage(page) ? 0n : pageLsn(page)
  }
  return { applied, pages: Array.from({ length: file.nblocks }, (_, block) => lsnOf(block)) }
}

// An empty page without its hole: what the record carries of a page that holds nothing yet.
const emptyPage = pageOf()
initPage(emptyPage, 0)
const HEADER = 24
const image = {
  at: 0,
  length: HEADER,
  hole_offset: HEADER,
  hole_length: BLCKSZ - HEADER,
  bimg_info: BKPIMAGE.HAS_HOLE | BKPIMAGE.APPLY,
}

function recordWith({ lsn, endLsn, blocks }: LoopRecord): WalRecord {
  const record = recordAt({ lsn, endLsn }, { bytes: emptyPage.bytes.slice(0, HEADER) })
  record.blocks = blocks.map((spec, id) => {
    const ref = blockRef(
      id,
      spec.block,
      (spec.image ? BKPBLOCK.HAS_IMAGE : 0) | (spec.willInit ? BKPBLOCK.WILL_INIT : 0),
    )
    if (spec.image) ref.image = image
    return ref
  })
  return record
}

/** Says which block went another way. */
export function loopNote(answer: Plain, pages: readonly bigint[], records: readonly LoopRecord[]): string {
  if (!isReplayed(answer)) return 'The answer has two fields: applied, pairs of numbers, and pages, LSNs.'
  const right = replayedByEngine(pages, records)
  const key = ([record, block]: readonly number[]): string => `record ${record}, block ${block}`
  const [mine, wanted] = [answer.applied.map(key), right.applied.map(key)]
  const missed = wanted.find((pair) => !mine.includes(pair))
  if (missed !== undefined) return `${missed}: this change never comes, and with it a committed row.`
  const extra = mine.find((pair) => !wanted.includes(pair))
  if (extra !== undefined) return `${extra}: there is no page for it, or it has this change already.`
  if (mine.join() !== wanted.join())
    return 'Records come in the order of the log, blocks in the order of the record.'
  if (answer.pages.length !== right.pages.length)
    return `The file has ${right.pages.length} pages at the end, not ${answer.pages.length}.`
  const other = right.pages.findIndex((lsn, block) => lsn !== answer.pages[block])
  return `Page ${other} ends up with another LSN: at the next start its gate would answer wrongly.`
}

export interface LoopOptions {
  /** May records carry images, and may they make pages from nothing? */
  readonly images?: boolean
  readonly inits?: boolean
  /** May pages be all zeroes, and blocks lie behind the end of the file? */
  readonly zeroes?: boolean
  readonly beyond?: boolean
  readonly from?: bigint
  readonly records?: number
}

/** A log of a few records, and pages as some of them, or none, left them. */
export function logs(options: LoopOptions = {}): fc.Arbitrary<LoopInput> {
  const { images = false, inits = false, zeroes = false, beyond = false, from, records = 4 } = options
  const touched = fc.tuple(
    fc.nat({ max: 4 }),
    images ? fc.boolean() : fc.constant(false),
    inits ? fc.boolean() : fc.constant(false),
  )
  return fc
    .tuple(
      position(from ?? 0x1000028n, (from ?? 0n) + 0x7fffffffn),
      fc.array(fc.tuple(fc.integer({ min: 3, max: 20 }), fc.array(touched, { minLength: 1, maxLength: 2 })), {
        minLength: 1,
        maxLength: records,
      }),
      fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 2 })), { minLength: 1, maxLength: 4 }),
    )
    .map(([start, specs, ages]): LoopInput => {
      let lsn = start
      const log = specs.map(([eighths, blocks]): LoopRecord => {
        const [begin, endLsn] = [lsn, lsn + BigInt(eighths * 8)]
        lsn = endLsn
        const within = (block: number): number => (beyond ? block : block % ages.length)
        const seen = new Map(
          blocks.map(([block, withImage, willInit]) => [
            within(block),
            { block: within(block), image: withImage, willInit },
          ]),
        )
        return { lsn: begin, endLsn, blocks: [...seen.values()] }
      })
      return [ages.map(([age, kind]) => (zeroes && kind === 2 ? 0n : ageOf(age, start, log))), log]
    })
}

/** The LSN of a page that was last changed long before, by one of the records, or after all of them. */
function ageOf(age: number, start: bigint, log: readonly LoopRecord[]): bigint {
  if (age === 0) return start - 0x20n
  return age <= log.length ? log[age - 1].endLsn : age === 9 ? log[log.length - 1].endLsn + 0x40n : start
}

const touch = (block: number, more: Partial<LoopBlock> = {}): LoopBlock => ({
  block,
  image: false,
  willInit: false,
  ...more,
})
const threeRecords: readonly LoopRecord[] = [
  { lsn: 0x1a2b3c8n, endLsn: 0x1a2b418n, blocks: [touch(0), touch(1)] },
  { lsn: 0x1a2b418n, endLsn: 0x1a2b458n, blocks: [touch(1)] },
  { lsn: 0x1a2b458n, endLsn: 0x1a2b4a0n, blocks: [touch(0), touch(2)] },
]

/** What was applied, in its order, and the pages at the end. */
function drawLoop(answer: Answer, pages: readonly bigint[], records: readonly LoopRecord[]): Picture {
  const right = replayedByEngine(pages, records)
  const got = answer && isReplayed(answer.value) ? answer.value : undefined
  const step = ([record, block]: readonly [number, number]): string => `record ${record} to block ${block}`
  const lsn = (value: bigint | undefined): string | undefined =>
    value === undefined ? undefined : value === 0n ? 'zeroes' : formatLsn(BigInt.asUintN(64, value))
  const blocks = Math.max(right.pages.length, got?.pages.length ?? 0)
  return {
    title: `${records.length} records replayed on ${pages.length} pages: what was applied, and the pages at the end.`,
    panels: [
      columns(inOrder(right.applied.map(step), got?.applied.map(step)), {
        head: 'applied',
        ...sides(got && answer),
      }),
      columns(
        Array.from({ length: blocks }, (_, block): ComparedRow => ({
          name: `block ${block}`,
          expected: lsn(right.pages[block]),
          got: lsn(got?.pages[block]),
        })),
        { head: 'page LSN', ...sides(got && answer) },
      ),
    ],
  }
}

export const redoLoop: Exercise = {
  name: 'redoLoop',
  notebook: '04-startup',
  relies: ['needsRedo'],
  visible: [
    examples(looping, {
      rule: 'Three records and two pages: one page is old, the other was written after the first record.',
      why: 'At the end both pages stand at the same moment, whatever they were like before.',
      note: loopNote,
      inputs: [[[0x1a2b000n, 0x1a2b418n], threeRecords]],
    }),
    generated(looping, {
      rule: 'Pages of all ages, and records without images.',
      why: 'This is a server with full_page_writes off: every page on disk counts as it lies there.',
      note: loopNote,
      input: logs(),
    }),
  ],
  onScene(scene) {
    const inputs = busiestRelations(scene)
    const why = 'Each of these files lies on the disk as the cache happened to write it.'
    return examples(looping, {
      rule: `The log of scene ${scene.name} for each of the ${inputs.length} relations it touches most.`,
      why,
      note: loopNote,
      inputs,
    })
  },
}

const MOST_RELATIONS = 5

/** The relations that most records touch: their pages as they lie on the disk, and the records that touch them. */
function busiestRelations(scene: CrashedScene): LoopInput[] {
  const disk = nodeDisk(scene.dir)
  const files = new Map<string, LoopRecord[]>()
  for (const { lsn, endLsn, blocks } of recordsOf(scene))
    for (const [path, refs] of byFile(blocks)) {
      const records = files.get(path) ?? []
      files.set(path, records)
      records.push({
        lsn,
        endLsn,
        blocks: refs.map(({ block, appliesImage, willInit }) => ({ block, image: appliesImage, willInit })),
      })
    }
  const busiest = [...files].sort(([, a], [, b]) => b.length - a.length).slice(0, MOST_RELATIONS)
  return busiest.map(([path, records]): LoopInput => {
    const pages = Math.floor((disk.size(path) ?? 0) / BLCKSZ)
    const lsnOf = (block: number): bigint => {
      const page = pageOf(disk.read(path, block * BLCKSZ, BLCKSZ))
      return isNewPage(page) ? 0n : pageLsn(page)
    }
    return [Array.from({ length: pages }, (_, block) => lsnOf(block)), records]
  })
}

function byFile(blocks: readonly BlockRef[]): Map<string, BlockRef[]> {
  const files = new Map<string, BlockRef[]>()
  for (const ref of blocks) {
    const path = relationPath(ref, ref.fork)
    files.set(path, [...(files.get(path) ?? []), ref])
  }
  return files
}
