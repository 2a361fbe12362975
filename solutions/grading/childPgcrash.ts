// The package pgcrash as a graded cell sees it: tools, and none of the parts that are exercises.

import { formatLsn, parseLsn } from '../../engine/format/lsn.js'
import * as crc from '../../engine/bytes/crc32c.js'
import * as errors from '../../engine/bytes/errors.js'
import * as hexdump from '../../engine/bytes/hexdump.js'
import { viewOf } from '../../engine/bytes/layout.js'
import { CheckPoint } from '../../engine/format/checkpoint.js'

const tools: Readonly<Record<string, unknown>> = {
  ...crc,
  ...errors,
  ...hexdump,
  CheckPoint,
  formatLsn,
  parseLsn,
  viewOf,
}

/** Tools that are the answer to an exercise: there they are not to be had. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  readLsn: ['parseLsn'],
  printLsn: ['formatLsn'],
}

/** The package, for a cell that is graded as this exercise. */
export function pgcrashFor(exercise: string): unknown {
  const withheld = ANSWERS[exercise] ?? []
  return new Proxy(tools, {
    get(target, name) {
      if (name === '__esModule') return true
      if (typeof name !== 'string') return target[name as unknown as string]
      if (Object.hasOwn(target, name) && !withheld.includes(name)) return target[name]
      throw new Error(`"${name}" of pgcrash is not there when a part is graded: write it in the cell`)
    },
  })
}
