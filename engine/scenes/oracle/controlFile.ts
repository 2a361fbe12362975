/** pg_control as two recoveries left it: PostgreSQL's, right after its first checkpoint, and ours. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONTROL_FILE, DBState, decodeControlFile, type ControlFile } from '../../format/controlFile.js'

/**
 * Field by field; a sentence for each that differs. PostgreSQL is in production by then and ours shut down, and neither
 * clock is asked; everything else must be the same.
 */
export function compareControl(theirs: string, ours: string): string[] {
  const [a, b] = [theirs, ours].map((dir) => decodeControlFile(readFileSync(join(dir, CONTROL_FILE))))
  const wrong: string[] = []
  if (b.state !== DBState.DB_SHUTDOWNED) wrong.push(`state: ours is ${b.state}, not shut down`)
  if (b.checkPoint !== b.checkPointCopy.redo) wrong.push('the checkpoint is not its own redo point')
  const [left, right] = [flat(a), flat(b)]
  for (const [field, value] of left)
    if (right.get(field) !== value) wrong.push(`${field}: ${value} and ${right.get(field)}`)
  return wrong
}

const OWN: readonly string[] = ['state', 'time', 'crc', 'checkPointCopy.time']

function flat(control: ControlFile): Map<string, string> {
  const { checkPointCopy, ...fields } = control
  const copy = Object.entries(checkPointCopy).map(([name, value]) => [`checkPointCopy.${name}`, value])
  const all = [...Object.entries(fields), ...copy] as [string, unknown][]
  return new Map(all.filter(([name]) => !OWN.includes(name)).map(([name, value]) => [name, String(value)]))
}
