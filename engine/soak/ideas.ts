/** Every idea, in the order in which they are tried. */
import type { Idea } from './cases.js'
import { onTheCommandLine } from './anyCommand.js'
import { besideIdea } from './beside.js'
import { believedBitFlips, bitFlips } from './bitFlips.js'
import { controlFile, controlFileBits, judgedControlFile } from './controlFile.js'
import { dirtyCuts, zeroCuts } from './cuts.js'
import { judgedCuts } from './cutsJudged.js'
import { endOfWal } from './endOfWal.js'
import { decoders, holes } from './images.js'
import { hugeRecords, limits } from './limits.js'
import { anywhere, believedMutations, logMutations } from './mutations.js'
import { oddSegments } from './segments.js'
import { wraparound } from './wraparound.js'
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
  oddSegments,
  controlFile,
  controlFileBits,
  judgedControlFile,
  wraparound,
  holes,
  decoders,
  limits,
  hugeRecords,
  ...onTheCommandLine,
  besideIdea,
  simulated,
  replayedHistories,
]
