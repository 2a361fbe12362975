import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { recover } from '../recovery/recovery.js'
import { nativeIsAvailable } from './native.js'
import { killUnderLoad, startAgain } from './underLoad.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-load-'))
chmodSync(shelf, 0o755)
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

const kinds = nativeIsAvailable() ? [true, false] : [false]

test.each(kinds)(
  'killed under load (native: %s), recovered: it starts as if it had been shut down, with all that clients were told',
  { timeout: 60_000 },
  async (native) => {
    const killed = await killUnderLoad(join(shelf, `data-${native}`), native)
    expect(killed.kind).toBe(native ? 'native' : 'PGlite')
    expect(killed.instead === '').toBe(native)
    const disk = nodeDisk(killed.dir)
    const { outcome, aborted, cleanup } = recover(disk)
    disk.close()
    expect([outcome, aborted.length]).toEqual(['recovered', 1])
    expect(cleanup?.temporary.length).toBeGreaterThan(0)

    const started = await startAgain(killed, async (ask) => {
      const transfers = await ask('select id::text from transfers')
      const [{ money }] = await ask('select sum(balance)::int as money from accounts')
      return { ids: transfers.map(({ id }) => String(id)), money }
    })
    if (started.outcome !== 'opened') throw new Error(started.sentence)
    expect(started.log[0] + started.log.join()).toMatch(/database system was shut down at/)
    expect(started.log.join('\n')).not.toMatch(/not properly shut down|PANIC|FATAL|ERROR/)
    const { ids, money } = started.answer
    const doubted = new Set(killed.inDoubt)
    expect(killed.acknowledged.filter((id) => !ids.includes(id))).toEqual([])
    expect(ids.filter((id) => !killed.acknowledged.includes(id) && !doubted.has(id))).toEqual([])
    expect(money).toBe(killed.money)
  },
)

test('a directory that cannot be started is refused in PostgreSQL’s words', { timeout: 60_000 }, async () => {
  const killed = await killUnderLoad(join(shelf, 'broken'), nativeIsAvailable())
  const disk = nodeDisk(killed.dir)
  const [byte] = disk.read('global/pg_control', 40, 1)
  disk.write('global/pg_control', 40, Uint8Array.of(byte ^ 1))
  disk.close()
  const started = await startAgain(killed, async () => {})
  if (started.outcome === 'opened') throw new Error('it starts')
  expect(started.sentence).toBe('incorrect checksum in control file')
})
