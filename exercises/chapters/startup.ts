// Exercises of chapter 04-startup: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { ending, endOfLog, type EndInput } from '../parts/endOfLog.js'
import { needsRedo } from '../parts/needsRedo.js'
import { indexing, redoBtreeInsert, type BtreeInput } from '../parts/redoBtreeInsert.js'
import { inserting, redoHeapInsert, type InsertInput } from '../parts/redoHeapInsert.js'
import { redoHeapUpdate, updating, type UpdateInput } from '../parts/redoHeapUpdate.js'
import { looping, redoLoop, type LoopInput, type Replayed } from '../parts/redoLoop.js'
import type { EndKind } from '../parts/shortLog.js'
import { stopping, wasThereACrash, type CrashInput, type HowItStopped } from '../parts/wasThereACrash.js'

export interface StartupSignatures extends Pick<Parts, 'needsRedo'> {
  /** Was there a crash? */
  wasThereACrash(...input: Writable<CrashInput>): HowItStopped
  /** What is applied, and what the pages carry at the end. */
  redoLoop(...input: Writable<LoopInput>): Replayed
  /** The page with the row on it. */
  redoHeapInsert(...input: InsertInput): Uint8Array
  /** The page with both versions of the row. */
  redoHeapUpdate(...input: UpdateInput): Uint8Array
  /** The leaf page with the entry on it. */
  redoBtreeInsert(...input: BtreeInput): Uint8Array
  /** Why the log ends here, and whether that is harmless. */
  endOfLog(...input: EndInput): EndKind
}

/** As a learner's part gets its input: a copy, which it may change. */
type Writable<Input extends readonly unknown[]> = {
  -readonly [Key in keyof Input]: Input[Key] extends readonly (infer Item)[] ? Item[] : Input[Key]
}

export const startupExercises: readonly Exercise[] = [
  needsRedo,
  wasThereACrash,
  redoLoop,
  redoHeapInsert,
  redoHeapUpdate,
  redoBtreeInsert,
  endOfLog,
]

/** The engine's own parts. */
export const startupEngine: StartupSignatures = {
  needsRedo: reference.needsRedo,
  wasThereACrash: stopping.reference,
  redoLoop: looping.reference,
  redoHeapInsert: inserting.reference,
  redoHeapUpdate: updating.reference,
  redoBtreeInsert: indexing.reference,
  endOfLog: ending.reference,
}
