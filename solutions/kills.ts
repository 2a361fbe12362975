// npm run exercises: exercises × wrong solutions.

import { pc } from './colors.js'
import { killTable, type KillRow } from './killTable.js'

function lines({ exercise, visible, hidden, wrong, alsoRight }: KillRow): string[] {
  const patterns = Object.entries(wrong)
  const caught = patterns.filter(([, rules]) => rules.includes(true)).length
  const head = `${exercise.padEnd(19)} ${visible} visible and ${hidden} hidden rules, ${caught} of ${patterns.length} wrong solutions caught`
  const killed = patterns.map(([what, rules]) => {
    const marks = rules.map((catches) => (catches ? '✗' : '·')).join('')
    return `  ${rules.includes(true) ? pc.green(marks) : pc.red(marks)}  ${what}`
  })
  return [
    pc.bold(head),
    ...killed,
    ...alsoRight.map((what) => `  ${pc.dim('·'.repeat(hidden))}  right: ${what}`),
  ]
}

const rows = await killTable()
const failures = rows.flatMap((row) => row.failures)
const proofs = rows.reduce((sum, row) => sum + row.proofs, 0)
const wrong = rows.reduce((sum, row) => sum + Object.keys(row.wrong).length, 0)
console.log(rows.flatMap(lines).join('\n'))
console.log(`\n${rows.length} exercises, ${wrong} wrong solutions; each ✗ is a hidden rule that catches it`)
for (const failure of failures) console.log(pc.red(failure))
console.log(`${proofs - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
