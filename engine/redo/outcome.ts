// What became of a block that a record names; block.ts explains the four words.

import type { BufferedPage } from '../buffers/relationFork.js'
import type { BlockRef } from '../wal/record.js'

export type Outcome = 'needsRedo' | 'done' | 'restored' | 'notFound'

export type BlockOutcome =
  | { ref: BlockRef; outcome: 'needsRedo' | 'done' | 'restored'; page: BufferedPage }
  | { ref: BlockRef; outcome: 'notFound'; page: undefined }
