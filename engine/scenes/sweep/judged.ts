/** PostgreSQL's word on a crash of a trace: its own recovery beside ours, page by page, and the rows of both. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Disk } from '../../disk/disk.js'
import { nodeDisk } from '../../disk/nodeDisk.js'
import { reference } from '../../parts.js'
import { recover } from '../../recovery/recovery.js'
import { comparePages, describeDifference } from '../comparePages.js'
import { openWithPostgres, recoverWithPostgres, type Opened } from '../judge.js'
import type { CrashPoint } from './sweep.js'

/** Copies a disk into a directory, which must not exist. */
export function layOut(disk: Disk, dir: string): void {
  const walk = (folder: string): void => {
    mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 })
    for (const { name, kind } of disk.list(folder)) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (kind === 'directory') walk(path)
      else writeFileSync(join(dir, path), disk.read(path, 0, disk.size(path) ?? 0))
    }
  }
  walk('')
}

/** What differs between the two recoveries of one crash, and from what was promised; nothing, if all is well. */
export async function judgeCrash(image: () => Disk, point: CrashPoint): Promise<string[]> {
  const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-sweep-'))
  try {
    const [theirs, ours] = [join(shelf, 'theirs'), join(shelf, 'ours')]
    for (const dir of [theirs, ours]) layOut(image(), dir)
    const judge = await recoverWithPostgres(theirs)
    if (judge.outcome !== 'recovered') return [`PostgreSQL refuses the crash: ${judge.log.join('\n')}`]
    const disk = nodeDisk(ours)
    recover(disk, reference, { leaveInFlight: true })
    disk.close()
    const same = comparePages(theirs, ours)
    const wrong = same.differences.map(describeDifference)
    wrong.push(...same.lsns.map(({ file, block, a, b }) => `${file} block ${block}: LSN ${a} and ${b}`))
    wrong.push(...same.statuses.map((status) => JSON.stringify(status)))
    const [opened, own] = [
      await openWithPostgres(ours),
      await openWithPostgres(theirs, undefined, { look: 'rows' }),
    ]
    if (opened.outcome !== 'opened') return [...wrong, `PostgreSQL refuses ours: ${opened.log.join('\n')}`]
    if (own.outcome !== 'opened') return [...wrong, `PostgreSQL refuses its own: ${own.log.join('\n')}`]
    return [...wrong, ...wrongRows(opened, own, point)]
  } finally {
    rmSync(shelf, { recursive: true, force: true })
  }
}

function wrongRows(ours: Opened<undefined>, theirs: Opened<undefined>, point: CrashPoint): string[] {
  const wrong: string[] = []
  if (/automatic recovery/.test(ours.log.join('\n'))) wrong.push('PostgreSQL recovered ours once more')
  if (JSON.stringify(ours.tables) !== JSON.stringify(theirs.tables)) wrong.push('other rows')
  if (JSON.stringify(ours.sequences) !== JSON.stringify(theirs.sequences)) wrong.push('other sequences')
  for (const { failures } of [ours.checksums]) if (failures.length > 0) wrong.push('checksums fail')
  wrong.push(...ours.amcheck.problems.map((problem) => JSON.stringify(problem)))
  const done = Object.entries(ours.tables).find(([name]) => /(^|\.)done$/.test(name))?.[1] ?? []
  const steps = new Set(done.map(({ step }) => Number(step)))
  for (const step of point.noted)
    if (!steps.has(step)) wrong.push(`step ${step} was acknowledged, and its row is not there`)
  for (const step of steps)
    if (step > point.started) wrong.push(`step ${step} was not begun, and its row is there`)
  return wrong
}
