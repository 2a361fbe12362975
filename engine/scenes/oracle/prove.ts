/**
 * One crash, recovered twice: by PostgreSQL itself, and by us. Everything that can be asked of the two results is asked.
 *
 *   crashed ─┬─ copy ─► PostgreSQL's recovery, ended before the first query ─┬─► compared, byte for byte
 *            └─ copy ─► ours ────────────────────────────────────────────────┘
 *                        └─► PostgreSQL starts: no recovery, all rows, all checks ─► more work, a second crash
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeDisk } from '../../disk/nodeDisk.js'
import { CONTROL_FILE } from '../../format/controlFile.js'
import { formatLsn, type Lsn } from '../../format/lsn.js'
import { reference } from '../../parts.js'
import { Recovery } from '../../recovery/recovery.js'
import { comparePages, describeDifference } from '../comparePages.js'
import { crashNative, recoveredCopy, recoverNatively, removeCluster } from '../crashNative.js'
import { judgeNatively, type NativeOpinion } from '../nativeJudge.js'
import type { NativeScene, SessionJournal } from '../nativeScene.js'
import { compareControl } from './controlFile.js'
import { checkImages, type ImageCheck } from './embeddedImages.js'
import { compareFiles } from './fileList.js'
import { liveOn } from './secondLife.js'
import { compareStatusFiles } from './statusFiles.js'

/** The questions, in the order of docs; each names what it asks. */
export const QUESTIONS = {
  log: 'both engines say where redo starts, where it ends and why; PostgreSQL starts ours without recovery',
  control: 'pg_control: every field, and what pg_controldata would print of ours',
  files: 'the list of files, links and folders',
  pages: 'every page of every fork, page LSNs too',
  status: 'pg_xact, pg_multixact and pg_commit_ts, byte for byte',
  checks: 'amcheck and checksums, every relation of every database',
  rows: 'every row; what was acknowledged is there, and nothing else',
  life: 'further writes, a second crash, and PostgreSQL recovers by itself',
  images: 'every image that wal_consistency_checking put into the log is the page that redo made',
} as const
export type Question = keyof typeof QUESTIONS

export interface Proof {
  /** A sentence for each thing that is not as it should be, by question. All empty: nothing is wrong. */
  readonly wrong: Record<Question, readonly string[]>
  readonly counts: { records: number; pages: number; images: number; checked: NativeOpinion['checked'] }
}

/** Nothing wrong. */
export const nothing = Object.fromEntries(
  Object.keys(QUESTIONS).map((question) => [question, []]),
) as unknown as Record<Question, readonly string[]>

/** Makes the scene's crash below `shelf`, proves it, and cleans up. */
export async function prove(scene: NativeScene, shelf: string): Promise<Proof> {
  const place = join(shelf, scene.name.replaceAll(/\W+/g, '-'))
  const [crashed, theirs, ours, again] = ['crashed', 'theirs', 'ours', 'again'].map(
    (what) => `${place}-${what}`,
  )
  try {
    const journal = await crashNative(scene, crashed)
    const { said, images, records, wroteOver, checkpoint } = await recoveredCopy(crashed, ours, recoverOurs)
    const log = await recoveredCopy(crashed, theirs, recoverNatively)
    const reread = wroteOver ? await readAgain(crashed, ours, again, checkpoint) : []
    const same = comparePages(theirs, ours)
    const [control, files] = [compareControl(theirs, ours), compareFiles(theirs, ours)]
    const statusFiles = compareStatusFiles(theirs, ours)
    const questions = [...(journal.length > 0 ? [JOURNAL] : []), ...(scene.holds ?? [])]
    const opinion = await judgeNatively(ours, questions)
    const own = await judgeNatively(theirs, questions, 'rows')
    return {
      wrong: {
        log: [...missingSentences(said, log), ...wrongStart(opinion.log), ...reread],
        control: [...control, ...same.control.map(words), ...wrongControl(opinion)],
        files,
        pages: [...same.differences.map(describeDifference), ...same.lsns.map(words)],
        status: [
          ...statusFiles,
          ...same.statuses.map(words),
          ...same.leftOrAborted.map((xid) => `xid ${xid} is marked`),
        ],
        checks: opinion.problems,
        rows: [...otherDigests(own, opinion), ...unlikeTold(journal, opinion, scene)],
        life: await liveOn(ours).catch((error: Error) => [error.message]),
        images: images.wrong,
      },
      counts: { records, pages: same.pages, images: images.compared, checked: opinion.checked },
    }
  } finally {
    for (const dir of [crashed, theirs, ours, again]) removeCluster(dir)
  }
}

interface OurRecovery {
  readonly said: readonly string[]
  readonly images: ImageCheck
  readonly records: number
  /** The log ended inside a record, and went on with OVERWRITE_CONTRECORD. */
  readonly wroteOver: boolean
  readonly checkpoint: Lsn
}

function recoverOurs(dir: string): OurRecovery {
  const said: string[] = []
  const images: ImageCheck = { compared: 0, wrong: [] }
  const disk = nodeDisk(dir)
  try {
    const options = { leaveInFlight: true, log: (sentence: string) => said.push(sentence) }
    const recovery = new Recovery(disk, reference, options)
    for (const step of recovery.replay()) checkImages(recovery, step, images)
    recovery.abort()
    recovery.cleanUp()
    const { lsn } = recovery.finish()
    const { records, end } = recovery.survey
    return { said, images, records, wroteOver: end.aborted !== undefined, checkpoint: lsn }
  } finally {
    disk.close()
  }
}

/** PostgreSQL reads the log that we went on with, from the beginning: over the break, up to our checkpoint. */
async function readAgain(crashed: string, ours: string, again: string, checkpoint: Lsn): Promise<string[]> {
  const read = (dir: string): Promise<string[]> => {
    writeFileSync(join(dir, CONTROL_FILE), readFileSync(join(crashed, CONTROL_FILE)))
    return recoverNatively(dir)
  }
  const log = await recoveredCopy(ours, again, read, crashed)
  const wanted = ['successfully skipped missing contrecord at', `redo done at ${formatLsn(checkpoint)}`]
  return wanted
    .filter((sentence) => !log.join('\n').includes(sentence))
    .map((sentence) => `PostgreSQL, reading our log again, does not say: ${sentence}`)
}

const words = (value: object): string => Object.values(value).join(', ')

/** Sentences that a server's log must have as we say them. */
const SHARED =
  /^(redo starts|redo done|invalid|unexpected|incorrect|record with|there is no|out-of-sequence|crash recovery starts|successfully skipped)/

function missingSentences(said: readonly string[], log: readonly string[]): string[] {
  const text = log.join('\n')
  const mine = said.filter((sentence) => SHARED.test(sentence))
  const wrong = mine
    .filter((sentence) => !text.includes(sentence))
    .map((sentence) => `only ours says: ${sentence}`)
  if (!mine.some((sentence) => sentence.startsWith('redo done'))) wrong.push('ours had nothing to redo')
  return wrong
}

function wrongStart(log: readonly string[]): string[] {
  const text = log.join('\n')
  const wrong = /database system was shut down at/.test(text)
    ? []
    : ['PostgreSQL does not find ours shut down']
  const line = log.find((sentence) => /automatic recovery|PANIC|FATAL|ERROR/.test(sentence))
  return line === undefined ? wrong : [...wrong, line]
}

/** pg_control_checkpoint() and its like, asked of our directory right after PostgreSQL started on it. */
function wrongControl({ control }: NativeOpinion): string[] {
  return control.checkpoint_lsn === control.redo_lsn
    ? []
    : ['PostgreSQL sees another redo point than our checkpoint']
}

function otherDigests(theirs: NativeOpinion, ours: NativeOpinion): string[] {
  const names = new Set([...Object.keys(theirs.digests), ...Object.keys(ours.digests)])
  return [...names]
    .filter((name) => theirs.digests[name] !== ours.digests[name])
    .map((name) => `${name}: ${theirs.digests[name]} in theirs, ${ours.digests[name]} in ours`)
}

const JOURNAL = 'select session, n from journal order by 1, 2'

/** What the sessions were told, and what the scene promises, against what is there. */
function unlikeTold(
  journal: readonly SessionJournal[],
  { answers }: NativeOpinion,
  scene: NativeScene,
): string[] {
  const wrong: string[] = []
  const rows = journal.length > 0 ? answers[0] : []
  for (const { session, acknowledged, inDoubt } of journal) {
    const there = new Set(rows.filter((row) => row.session === session).map((row) => Number(row.n)))
    for (const n of acknowledged)
      if (!there.delete(n))
        wrong.push(`session ${session} was told that round ${n} is committed, and it is not there`)
    if (inDoubt !== undefined) there.delete(inDoubt)
    for (const n of there) wrong.push(`session ${session} was never told of round ${n}, and it is there`)
  }
  const promises = answers.slice(journal.length > 0 ? 1 : 0)
  promises.forEach((answer, i) => {
    if (Object.values(answer[0] ?? {})[0] !== true) wrong.push(`does not hold: ${scene.holds?.[i]}`)
  })
  return wrong
}
