// The text form of a position, read: 0/1A2B3C8.

import { formatLsn, parseLsn } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { literal } from '../checking/literal.js'
import type { Plain } from '../checking/plainData.js'
import { FIRST_RECORD, position } from '../checking/positions.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { bigEndian, comparedBytes, halfOf, strip, type Field } from '../drawing/bytes.js'

export type LsnTextInput = [text: string]

export const lsnReading: Contract<LsnTextInput, bigint | undefined> = {
  name: 'readLsn',
  draw: drawText,
  reference: parseLsn,
  show: (text) => JSON.stringify(text),
  showAnswer: (answer) => (answer === undefined ? 'undefined: this is no LSN' : literal(answer)),
}

/** What comes of the wrong answer. */
export function readLsnNote(answer: Plain, text: string): string {
  const right = parseLsn(text)
  if (right === undefined)
    return 'PostgreSQL says: invalid input syntax for type pg_lsn. Whoever goes on with a guess recovers to a guess.'
  if (answer === undefined) return 'PostgreSQL takes it.'
  if (typeof answer !== 'bigint') return 'A position is a bigint.'
  return `That is ${answer < 0n ? 'below zero' : formatLsn(BigInt.asUintN(64, answer))}.`
}

const ascii = new TextEncoder()

/** The text, letter by letter, and the eight bytes that it stands for, the highest first. */
function drawText(answer: Answer, text: string): Picture {
  const slash = text.indexOf('/')
  const bytes = ascii.encode(text.slice(0, 160))
  const halves: Field[] =
    slash < 0 || bytes.length !== text.length
      ? []
      : [
          { at: 0, size: slash, name: 'high half', kind: 'accent' as const },
          { at: slash + 1, size: text.length - slash - 1, name: 'low half', kind: 'page' as const },
        ].filter(({ size }) => size > 0)
  const right = parseLsn(text)
  const got = answer?.value
  const shown = typeof got === 'bigint' ? bigEndian(got) : undefined
  return {
    title: `The text ${JSON.stringify(text)}, letter by letter${right === undefined ? ': no LSN' : ''}.`,
    panels: [
      strip({ title: 'the text', bytes, fields: halves, letters: true }),
      ...(right === undefined
        ? []
        : [comparedBytes({ expected: bigEndian(right), got: shown, fieldAt: halfOf })]),
    ],
  }
}

export const readLsn: Exercise = {
  name: 'readLsn',
  notebook: '02-lsn',
  visible: [
    examples(lsnReading, {
      rule: 'Three positions as PostgreSQL prints them, and three texts that it refuses.',
      why: 'Somebody types the position up to which a database is to be recovered.',
      note: readLsnNote,
      inputs: ['0/1A2B3C8', '1/A0', '16/B374D848', '0/', '1A2B3C8', '0/1A2B3C8 '].map(
        (text): LsnTextInput => [text],
      ),
    }),
    generated(lsnReading, {
      rule: 'Any position in the first 4 GiB of WAL, as PostgreSQL prints it.',
      why: 'The low half is as long as its number: 0/28 is forty bytes from the start.',
      note: readLsnNote,
      input: position(FIRST_RECORD).map((lsn): LsnTextInput => [formatLsn(lsn)]),
    }),
  ],
  onScene(scene) {
    const { inserted, written, flushed } = scene.log
    const texts = new Set([...scene.steps.flatMap(({ from, to }) => [from, to]), inserted, written, flushed])
    const inputs = [...texts].map((text): LsnTextInput => [text])
    const why =
      'pg_current_wal_insert_lsn() and its sisters gave them; they are the page numbers of the story.'
    return examples(lsnReading, {
      rule: `All ${inputs.length} positions that PostgreSQL printed in scene ${scene.name}.`,
      why,
      note: readLsnNote,
      inputs,
    })
  },
}
