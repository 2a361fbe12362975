// The text form of a position, written: the two halves in hexadecimal, as %X/%X writes them.

import { formatLsn } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { FIRST_RECORD, position } from '../checking/positions.js'
import { recordsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { bigEndian, comparedBytes, strip } from '../drawing/bytes.js'

export type LsnInput = [lsn: bigint]

export const lsnPrinting: Contract<LsnInput, string> = {
  name: 'printLsn',
  draw: drawHalves,
  reference: formatLsn,
  show: (lsn) => `${lsn} (${lsn.toString(16).toUpperCase()}h)`,
}

/** Says which part of the text is wrong. */
export function printLsnNote(answer: Plain, lsn: bigint): string {
  if (typeof answer !== 'string') return 'The answer is a string.'
  const right = formatLsn(lsn)
  if (answer.toUpperCase() === right) return 'PostgreSQL prints large letters.'
  const [high, low, ...more] = answer.split('/')
  if (low === undefined || more.length > 0) return 'Two halves, with one slash between them.'
  const strip = (digits: string): string => digits.replace(/^0+(?=.)/, '').toUpperCase()
  if (`${strip(high)}/${strip(low)}` === right)
    return 'PostgreSQL 18 does not pad: a half is as long as its number.'
  const [rightHigh] = right.split('/')
  return `The ${strip(high) === rightHigh ? 'low' : 'high'} half is wrong.`
}

const ascii = new TextEncoder()

/** The position's eight bytes, the highest first, and the text that came of them. */
function drawHalves(answer: Answer, lsn: bigint): Picture {
  const got = typeof answer?.value === 'string' ? ascii.encode(answer.value.slice(0, 64)) : undefined
  return {
    title: `A position's two halves, and how PostgreSQL prints them: ${formatLsn(lsn)}.`,
    panels: [
      strip({
        title: 'the position, the highest byte first',
        bytes: bigEndian(lsn),
        fields: [
          { at: 0, size: 4, name: 'high half', kind: 'accent' },
          { at: 4, size: 4, name: 'low half', kind: 'page' },
        ],
      }),
      comparedBytes({ expected: ascii.encode(formatLsn(lsn)), got, letters: true }),
    ],
  }
}

export const printLsn: Exercise = {
  name: 'printLsn',
  notebook: '02-lsn',
  visible: [
    examples(lsnPrinting, {
      rule: 'Three positions: in the second segment, at a border of 4 GiB, far behind it.',
      why: 'A sentence of yours can be looked up in the log of the server only if it looks like its own.',
      note: printLsnNote,
      inputs: [[0x1a2b3c8n], [1n << 32n], [0x16_b374_d848n]],
    }),
    generated(lsnPrinting, {
      rule: 'Any position in the first 4 GiB of WAL.',
      why: 'The half before the slash is then 0, and it is printed.',
      note: printLsnNote,
      input: position(FIRST_RECORD).map((lsn): LsnInput => [lsn]),
    }),
  ],
  onScene(scene) {
    const inputs = recordsOf(scene).map(({ lsn }): LsnInput => [lsn])
    const why = 'pg_waldump prints the same ones.'
    return examples(lsnPrinting, {
      rule: `The positions of all ${inputs.length} records of scene ${scene.name}.`,
      why,
      note: printLsnNote,
      inputs,
    })
  },
}
