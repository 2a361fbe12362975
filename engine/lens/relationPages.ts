// Every page of every relation in a directory, as it lies on disk: what the cache had written when the server died.

import { join, readFile, type Disk } from '../disk/disk.js'
import { BLCKSZ, readControlFile } from '../format/controlFile.js'
import { pageOf, type Page } from '../format/page.js'
import { parseRelationFileName } from '../format/relationPath.js'

/** A page on disk, and whose it is. */
export interface RelationPage {
  /** The file it was read from. */
  readonly path: string
  readonly relNumber: number
  /** 0 main, 1 fsm, 2 vm, 3 init. */
  readonly fork: number
  /** Number of the block in the fork, not in the file. */
  readonly block: number
  readonly page: Page
}

/**
 * The pages of a database's directory, for example "base/5" (`databasePath`), file by file. Temporary relations are
 * left out. Errors of {@link readControlFile}.
 */
export function* relationPages(disk: Disk, directory: string): Generator<RelationPage, void, undefined> {
  const { relseg_size } = readControlFile(disk)
  for (const { name } of disk.list(directory)) {
    const file = parseRelationFileName(name)
    if (!file || file.backend !== undefined) continue
    const path = join(directory, name)
    const bytes = readFile(disk, path) ?? new Uint8Array(0)
    for (let at = 0; at + BLCKSZ <= bytes.length; at += BLCKSZ) {
      const block = file.segment * relseg_size + at / BLCKSZ
      yield {
        path,
        relNumber: file.relNumber,
        fork: file.fork,
        block,
        page: pageOf(bytes.subarray(at, at + BLCKSZ)),
      }
    }
  }
}
