// The four outcomes of one record: what every redo routine must do with a page that needs the change, has it, is not
// there, or comes whole with the record. Free of any test framework; the test states what it expects.

import { pageOf, type Page } from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import type { Outcome } from '../block.js'
import type { ResourceManager } from '../resourceManager.js'
import { testWorld, type TestWorld, type TestWorldOptions } from './context.js'
import type { BlockSpec } from './records.js'

export interface Trial {
  manager: ResourceManager
  /** The page as it is before, in block 0. */
  before: Page
  /** The record, its block 0 with these fields changed. */
  record: (block: Partial<BlockSpec>) => WalRecord
  world?: TestWorldOptions
}

export interface TrialResult {
  world: TestWorld
  record: WalRecord
  /** Of the main fork's block 0; undefined when redo did not ask for it. */
  outcome: Outcome | undefined
  /** The page's bytes afterwards, when there is one. */
  after: Uint8Array | undefined
}

/** Redoes the record where `outcome` is what it must find. */
export function tryOutcome(trial: Trial, outcome: Outcome): TrialResult {
  const world = testWorld(trial.world)
  const image = outcome === 'restored' ? { image: imageOf(trial.before) } : {}
  const record = trial.record(image)
  if (outcome === 'done') world.put(0, trial.before, { lsn: record.endLsn })
  else if (outcome === 'needsRedo') world.put(0, trial.before)
  else if (outcome === 'restored')
    world.put(0, pageOf(new Uint8Array(8192).fill(0xbb)), { lsn: record.endLsn + 8n })
  world.redo(trial.manager, record)
  const touched = world.context.touched.find(({ ref }) => ref.fork === 0 && ref.block === 0)
  const there = world.fork().nblocks > 0
  return { world, record, outcome: touched?.outcome, after: there ? world.page(0).bytes.slice() : undefined }
}

/** The page that {@link tryOutcome} puts into a record as its image. */
export function imageOf(page: Page): Uint8Array {
  const image = page.bytes.slice()
  image[image.length - 1] ^= 0xff
  return image
}
