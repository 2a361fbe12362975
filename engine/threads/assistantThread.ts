// The assistant's thread, started by assistant.ts: it surveys the log, hands its records over batch by batch, replays
// some relations itself, syncs files, and in the end writes some of the pages.

import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { DiskFault } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { pageAt, type PieceOfMemory } from '../buffers/bufferPool.js'
import { BLCKSZ } from '../format/controlFile.js'
import type { Lsn } from '../format/lsn.js'
import { setPageChecksum } from '../format/page.js'
import { reference } from '../parts.js'
import type { HandedOver } from '../recovery/handedOver.js'
import { syncTree } from '../recovery/finish.js'
import { openShare, type Share, type ShareNote } from '../recovery/share.js'
import { surveyLog, type Survey } from '../recovery/survey.js'
import type { WalRecord } from '../wal/record.js'
import { BatchWriter, emptyBatch } from '../wal/recordBatch.js'
import {
  DONE_WITH,
  PIECE_BYTES,
  PIECES,
  Signals,
  WANTS,
  type AssistantLines,
  type AssistantTask,
  type WriteOrder,
} from './assistantTask.js'
import { useProcessorCrc } from './processorCrc.js'

/** Pieces that wait to be taken. */
const AT_HAND = 8
/** What the system gives memory in, bytes. */
const SYSTEM_PAGE = 4096
/** Bytes written to a file that are worth a sync of their own. */
const WORTH_A_SYNC = 32 * 1024 * 1024
/** Batches under way: filled, waiting, being replayed. */
const BATCHES = 6

useProcessorCrc()

const lines = workerData as AssistantLines
const signals = new Signals(lines.signals)

/** Waits for the task; undefined: there will be none. */
function nextTask(): AssistantTask | undefined {
  for (;;) {
    const { asked } = signals
    const found = receiveMessageOnPort(lines.tasks) as { message: AssistantTask } | undefined
    if (found || signals.wanted === WANTS.nothing) return found?.message
    signals.waitForRequest(asked)
  }
}

/** All memory for pages that we know of, by the number of the piece. */
const pieces = new Map<number, SharedArrayBuffer>()

function makePiece(number: number): PieceOfMemory {
  const memory = new SharedArrayBuffer(PIECE_BYTES)
  const bytes = new Uint8Array(memory)
  for (let at = 0; at < PIECE_BYTES; at += SYSTEM_PAGE) bytes[at] = 0 // the system finds the memory now, not later
  pieces.set(number, memory)
  return { number, memory }
}

let made = 0
/** Makes pieces of memory for pages until enough are at hand. Only while there is nothing else to do. */
function stock(): void {
  while (made < signals.taken + AT_HAND) lines.memory.postMessage(makePiece(PIECES.ready + made++))
}

let share: Share | undefined
let madeForShare = 0
const shareMemory = (): PieceOfMemory => makePiece(PIECES.share + madeForShare++)

const outgoing = new Uint8Array(PIECE_BYTES)

let writer: BatchWriter<ShareNote> | undefined
let batches = 0
/** Had we to wait for replay, for the window under way? */
let waited = false
let aside = new Uint8Array(0)

/** Sends the records of the window that was read, if there are any; what they lay in is then gone. */
function send(): void {
  if (!writer || writer.isEmpty) return
  if (share) writer.newestXid = share.newestXid
  lines.records.postMessage(writer.take())
  writer = undefined
}

/** A batch's memory that nobody uses; waits for it. undefined: no more records are wanted. */
function unused(bytes: number): HandedOver | undefined {
  for (;;) {
    const { asked } = signals
    if (signals.wanted !== WANTS.records) return undefined
    const back = receiveMessageOnPort(lines.records) as { message: HandedOver } | undefined
    if (back && back.message.window.byteLength >= bytes) return back.message
    if (back) batches--
    else if (batches >= BATCHES) {
      waited = true
      stock()
      signals.waitForRequest(asked)
      continue
    }
    batches++
    return emptyBatch(bytes)
  }
}

/** Memory for the next window of the log. */
function windowMemory(bytes: number): Uint8Array {
  if (writer) share?.windowDone(writer.leftOut, waited)
  waited = false
  send()
  signals.say()
  if (!writer || writer.windowBytes.length < bytes) {
    if (writer) batches-- // too small for the windows of a log that goes on
    const memory = unused(bytes)
    writer = memory && new BatchWriter(memory)
  }
  if (writer) return writer.windowBytes.subarray(0, bytes)
  if (aside.length < bytes) aside = new Uint8Array(bytes)
  return aside.subarray(0, bytes)
}

/** Memory for a record that is put together. Nothing else comes on a side meanwhile, though windows may come and go. */
function recordMemory(bytes: number): Uint8Array {
  return writer?.reserve(bytes) ?? new Uint8Array(bytes)
}

function take(record: WalRecord, overwritten: Lsn | undefined): void {
  if (!writer) return
  if (share?.replay(record)) writer.leaveOut(record, overwritten)
  else writer.add(record, overwritten)
}

/** Nothing more is handed over: the last batch goes, and what was replayed here. */
function endShare(): void {
  if (share && !share.isEmpty) {
    writer ??= new BatchWriter(emptyBatch(0))
    share.sendAllBack()
  }
  send()
}

function survey(task: AssistantTask): Survey | undefined {
  const { directory, start, pages, choice } = task
  try {
    const disk = nodeDisk(directory, { readOnly: true })
    share = openShare(disk, start, pages, shareMemory, (note) => writer?.note(note), choice)
    const memory = { window: windowMemory, record: recordMemory }
    const found = surveyLog(disk, start, reference, { memory, onRecord: take })
    disk.close()
    return found
  } catch {
    return undefined // whoever waits will read the log itself, and meet the same fault
  } finally {
    endShare()
  }
}

let steps = 0
/** Tells whoever waits for pages or files that we are at work. */
const step = (): void => void (signals.done = ++steps)

/** Does a part of the work; what goes wrong is told to whoever waits for pages to be written. */
function attempt(work: () => void): void {
  try {
    work()
  } catch (error) {
    lines.pages.postMessage((error as Error).message)
  }
}

/** Syncs every file as it is now: the dead server may not have. What is not there replay has removed, or will make. */
function syncAll({ directory }: AssistantTask): void {
  const disk = nodeDisk(directory)
  const present: Disk = {
    ...disk,
    sync(path) {
      try {
        disk.sync(path)
      } catch (error) {
        if (!(error instanceof DiskFault && (error.cause as NodeJS.ErrnoException).code === 'ENOENT'))
          throw error
      }
      step()
    },
  }
  attempt(() => syncTree(present, ''))
  disk.close()
}

/** Writes pages when it was asked to, as many as whoever asks leaves; then syncs their files. */
function write({ directory }: AssistantTask): void {
  const order = receiveMessageOnPort(lines.pages) as { message: WriteOrder } | undefined
  if (!order) return
  const disk = nodeDisk(directory)
  const written = new Set<string>()
  for (const { number, memory } of order.message.pieces) pieces.set(number, memory)
  attempt(() => writePages(disk, order.message, written))
  signals.done = DONE_WITH.writing
  attempt(() => written.forEach((path) => disk.sync(path)))
  signals.done = DONE_WITH.synced
  disk.close()
}

function writePages(disk: Disk, { runs, checksums }: WriteOrder, written: Set<string>): void {
  let unsynced = 0
  for (let next = runs.length - 1; signals.claim(runs.length); next--) {
    const { path, offset, block, places } = runs[next]
    const bytes = outgoing.subarray(0, places.length * BLCKSZ)
    places.forEach((place, i) => {
      const page = pageAt(pieces, place)
      if (checksums) setPageChecksum(page, block + i)
      bytes.set(page.bytes, i * BLCKSZ)
    })
    disk.write(path, offset, bytes)
    written.add(path)
    unsynced += bytes.length
    if (unsynced >= WORTH_A_SYNC) {
      disk.sync(path) // the system begins to write it down, while others are still written
      unsynced = 0
    }
    step()
  }
}

function assist(task: AssistantTask): void {
  lines.survey.postMessage(survey(task))
  signals.finish()
  if (task.writes && signals.wanted !== WANTS.nothing) syncAll(task)
  for (;;) {
    const { asked } = signals
    stock()
    write(task)
    if (signals.wanted === WANTS.nothing) return
    signals.waitForRequest(asked)
  }
}

const task = nextTask()
if (task) assist(task)
for (const port of [lines.tasks, lines.records, lines.survey, lines.memory, lines.pages]) port.close()
