/** Every idea, in the order in which they are tried. */
import type { Idea } from './cases.js'
import { believedBitFlips, bitFlips } from './bitFlips.js'
import { dirtyCuts, zeroCuts } from './cuts.js'
import { judgedCuts } from './cutsJudged.js'
import { endOfWal } from './endOfWal.js'
import { anywhere, believedMutations, logMutations } from './mutations.js'
import { replayedHistories, simulated } from './writing.js'

export const ideas: readonly Idea[] = [
  zeroCuts,
  dirtyCuts,
  judgedCuts,
  bitFlips,
  believedBitFlips,
  logMutations,
  believedMutations,
  anywhere,
  endOfWal,
  simulated,
  replayedHistories,
]
