// npm run exercises: exercises × wrong solutions; of all exercises, or of those that are named. Of all, it is also the
// proof of what the site publishes: `-- --write` writes that file anew.

import { pc } from './colors.js'
import { KILL_SEED, killTable, type KillRow } from './killTable.js'
import { published, readTable, tableText, writeTable } from './publishedTable.js'

function lines({ exercise, visible, hidden, wrong, alsoRight }: KillRow): string[] {
  const patterns = Object.entries(wrong)
  const caught = patterns.filter(([, rules]) => rules.includes(true)).length
  const head = `${exercise.padEnd(18)} ${visible} visible and ${hidden} hidden rules, ${caught} of ${patterns.length} wrong solutions caught`
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

const args = process.argv.slice(2)
const names = args.filter((arg) => arg !== '--write')
const rows = names.length > 0 ? await killTable(undefined, names) : await killTable()
const failures = rows.flatMap((row) => row.failures)
if (names.length === 0) {
  const table = published(rows, KILL_SEED)
  if (args.includes('--write')) writeTable(table)
  if (tableText(readTable()) !== tableText(table))
    failures.push('solutions/killTable.json is not what this run found: npm run exercises -- --write')
}
const proofs = rows.reduce((sum, row) => sum + row.proofs, 0)
const wrong = rows.reduce((sum, row) => sum + Object.keys(row.wrong).length, 0)
console.log(rows.flatMap(lines).join('\n'))
console.log(`\n${rows.length} exercises, ${wrong} wrong solutions; each ✗ is a hidden rule that catches it`)
for (const failure of failures) console.log(pc.red(failure))
console.log(`${proofs - failures.length} passed, ${failures.length} failed`)
process.exitCode = failures.length === 0 ? 0 : 1
