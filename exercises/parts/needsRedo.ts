// The redo gate: a page's LSN is the end of the last record applied to it. A record that ends later is still missing.

import fc from 'fast-check'
import {
  formatLsn,
  nodeDisk,
  reference,
  relationPath,
  type CrashedScene,
  type Disk,
  type Parts,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { paddedLength, position } from '../checking/positions.js'
import { recordsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { ruler } from '../drawing/ruler.js'

export type GateInput = Parameters<Parts['needsRedo']>

export const gate: Contract<GateInput, boolean> = {
  name: 'needsRedo',
  draw: drawGate,
  reference: reference.needsRedo,
  show: (pageLSN, recordEnd, recordStart) =>
    [
      `record    from ${formatLsn(recordStart)} to ${formatLsn(recordEnd)}`,
      `page LSN  ${formatLsn(pageLSN)}${place(pageLSN, recordEnd, recordStart)}`,
    ].join('\n'),
  showAnswer: (answer) =>
    answer === true ? 'true: apply it' : answer === false ? 'false: leave it' : String(answer),
}

function place(pageLSN: bigint, recordEnd: bigint, recordStart: bigint): string {
  if (pageLSN === recordEnd) return ', the end of this record'
  if (pageLSN === recordStart) return ', the end of the record before'
  return ''
}

/** What comes of a gate that answers wrongly. */
export function gateNote(answer: Plain): string {
  if (answer === true) return 'The page has this change already; made twice, it spoils the page.'
  if (answer === false) return 'The page misses this change, and now it never comes: a committed row is lost.'
  return 'The gate answers true or false.'
}

const rowInserted = { end: 0x1a2b418n, start: 0x1a2b3c8n }

/** The record from its start to its end, and the page by its LSN. */
function drawGate(_answer: Answer, pageLSN: bigint, recordEnd: bigint, recordStart: bigint): Picture {
  return {
    title: `A record from ${formatLsn(recordStart)} to ${formatLsn(recordEnd)}, and a page whose LSN is ${formatLsn(pageLSN)}.`,
    panels: [
      ruler(
        [
          { at: recordStart, label: 'record starts' },
          { at: recordEnd, label: 'record ends' },
          { at: pageLSN, label: 'page LSN', kind: 'page' },
        ],
        { stretches: [{ from: recordStart, to: recordEnd, label: 'the record' }] },
      ),
    ],
  }
}

export const needsRedo: Exercise = {
  name: 'needsRedo',
  notebook: '04-startup',
  visible: [
    examples(gate, {
      rule: 'One record, three pages: changed before it, by it, and after it.',
      why: 'A page that missed the record needs it; a page that has it must not get it twice.',
      note: gateNote,
      inputs: [
        [0x1a2b000n, rowInserted.end, rowInserted.start],
        [rowInserted.end, rowInserted.end, rowInserted.start],
        [0x1a2c000n, rowInserted.end, rowInserted.start],
      ],
    }),
    generated(gate, {
      rule: 'A page is older or newer than the record by any distance.',
      why: 'Pages reach the disk whenever the cache has no room for them: a minute before the crash or a day.',
      note: gateNote,
      input: fc
        .tuple(position(), paddedLength, position())
        .filter(([start, length, page]) => page < start || page > start + length)
        .map(([start, length, page]): GateInput => [page, start + length, start]),
    }),
  ],
  onScene(scene) {
    const inputs = gateQuestions(scene)
    const why = 'Some pages were written just before the crash, some long before.'
    return examples(gate, {
      rule: `${inputs.length} records and pages of scene ${scene.name}, the pages as they lie on the disk.`,
      why,
      note: gateNote,
      inputs,
    })
  },
}

const PAGE = 8192

/** Each block that the log touches, with the page as it lies on the disk: what the gate is asked first. */
function gateQuestions(scene: CrashedScene): GateInput[] {
  const disk = nodeDisk(scene.dir)
  return recordsOf(scene).flatMap((record) =>
    record.blocks.flatMap((ref): GateInput[] => {
      const pageLSN = lsnOnDisk(disk, relationPath(ref, ref.fork), ref.block)
      return pageLSN === undefined ? [] : [[pageLSN, record.endLsn, record.lsn]]
    }),
  )
}

function lsnOnDisk(disk: Disk, path: string, block: number): bigint | undefined {
  if ((disk.size(path) ?? 0) < (block + 1) * PAGE) return undefined
  const bytes = disk.read(path, block * PAGE, 8)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return (BigInt(view.getUint32(0, true)) << 32n) | BigInt(view.getUint32(4, true))
}
