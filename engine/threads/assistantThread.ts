// The assistant's thread, started by assistant.ts: it surveys the log, hands its records over batch by batch, sees
// that memory for pages is at hand, and in the end writes some of them.

import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Disk } from '../disk/disk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { BLCKSZ } from '../format/controlFile.js'
import { pageOf, setPageChecksum } from '../format/page.js'
import { reference } from '../parts.js'
import { surveyLog, type Survey } from '../recovery/survey.js'
import { BatchWriter, emptyBatch, type RecordBatch } from '../wal/recordBatch.js'
import {
  Signals,
  WANTS,
  WRITTEN_ALL,
  type AssistantLines,
  type AssistantTask,
  type WriteOrder,
} from './assistantTask.js'

const PIECE_PAGES = 64
const PIECE_BYTES = PIECE_PAGES * BLCKSZ
/** Pieces that wait to be taken. */
const AT_HAND = 32
/** What the system gives memory in, bytes. */
const SYSTEM_PAGE = 4096
/** Bytes written to a file that are worth a sync of their own. */
const WORTH_A_SYNC = 32 * 1024 * 1024
/** Batches under way: filled, waiting, being replayed. */
const BATCHES = 6

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

/** All that were made, in the order in which they are taken. */
const pieces: SharedArrayBuffer[] = []
/** Makes pieces of memory for pages until enough are at hand. */
function stock(): void {
  while (pieces.length < signals.taken + AT_HAND) {
    const piece = new SharedArrayBuffer(PIECE_BYTES)
    const bytes = new Uint8Array(piece)
    for (let at = 0; at < PIECE_BYTES; at += SYSTEM_PAGE) bytes[at] = 0 // the system finds the memory now, not later
    pieces.push(piece)
    lines.memory.postMessage(piece)
  }
}

const outgoing = new Uint8Array(PIECE_BYTES)

let writer: BatchWriter | undefined
let batches = 0
let own = new Uint8Array(0)

/** Sends the records of the window that was read, if there are any; what they lay in is then gone. */
function send(): void {
  if (!writer || writer.size === 0) return
  lines.records.postMessage(writer.take())
  writer = undefined
}

/** A batch's memory that nobody uses; waits for it. undefined: no more records are wanted. */
function unused(bytes: number): RecordBatch | undefined {
  for (;;) {
    const { asked } = signals
    if (signals.wanted !== WANTS.records) return undefined
    const back = receiveMessageOnPort(lines.records) as { message: RecordBatch } | undefined
    if (back && back.message.window.byteLength >= bytes) return back.message
    if (back) batches--
    else if (batches >= BATCHES) {
      signals.waitForRequest(asked)
      continue
    }
    batches++
    return emptyBatch(bytes)
  }
}

/** Memory for the next window of the log. */
function windowMemory(bytes: number): Uint8Array {
  send()
  signals.say()
  stock()
  if (!writer || writer.windowBytes.length < bytes) {
    if (writer) batches-- // too small for the windows of a log that goes on
    const memory = unused(bytes)
    writer = memory && new BatchWriter(memory)
  }
  if (writer) return writer.windowBytes.subarray(0, bytes)
  if (own.length < bytes) own = new Uint8Array(bytes)
  return own.subarray(0, bytes)
}

/** Memory for a record that is put together. Nothing else comes on a side meanwhile, though windows may come and go. */
function recordMemory(bytes: number): Uint8Array {
  return writer?.reserve(bytes) ?? new Uint8Array(bytes)
}

function survey(task: AssistantTask): Survey | undefined {
  try {
    const disk = nodeDisk(task.directory, { readOnly: true })
    const found = surveyLog(disk, task.start, reference, {
      memory: { window: windowMemory, record: recordMemory },
      onRecord: (record, overwritten) => writer?.add(record, overwritten),
    })
    disk.close()
    send()
    return found
  } catch {
    return undefined // whoever waits will read the log itself, and meet the same fault
  }
}

/** Writes pages when it was asked to, and begins to sync a file whenever much of it is written. */
function write(task: AssistantTask): void {
  const order = receiveMessageOnPort(lines.pages) as { message: WriteOrder } | undefined
  if (!order) return
  const disk = nodeDisk(task.directory)
  try {
    writePages(disk, order.message)
  } catch (error) {
    lines.pages.postMessage((error as Error).message)
  }
  disk.close()
  signals.written = WRITTEN_ALL
}

function writePages(disk: Disk, { runs, checksums }: WriteOrder): void {
  let unsynced = 0
  let written = 0
  for (const { path, offset, block, places } of runs) {
    const bytes = outgoing.subarray(0, places.length * BLCKSZ)
    places.forEach((place, i) => {
      const piece = pieces[Math.floor(place / PIECE_PAGES)]
      const page = pageOf(new Uint8Array(piece, (place % PIECE_PAGES) * BLCKSZ, BLCKSZ))
      if (checksums) setPageChecksum(page, block + i)
      bytes.set(page.bytes, i * BLCKSZ)
    })
    disk.write(path, offset, bytes)
    unsynced += bytes.length
    if (unsynced >= WORTH_A_SYNC) {
      disk.sync(path) // the system begins to write it down, while others are still written
      unsynced = 0
    }
    signals.written = written += places.length
  }
}

function assist(task: AssistantTask): void {
  lines.survey.postMessage(survey(task))
  signals.finish()
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
