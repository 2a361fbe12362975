// A disk on which one action fails, or every action from one on: what an operating system may answer at any time.

import { DiskFault } from '../bytes/errors.js'
import type { Disk } from './disk.js'

/** ENOSPC: no room. EIO: the device failed. short write: a part is written, then it fails. */
export type FaultKind = 'ENOSPC' | 'EIO' | 'short write'

export interface Fault {
  /** Number of the action that fails: writes, truncations, syncs, renames, removals, counted from 0. */
  readonly action: number
  readonly kind: FaultKind
  /** All later actions fail too. */
  readonly lasting?: boolean
}

const WORDS: Readonly<Record<FaultKind, string>> = {
  ENOSPC: 'no space left on device',
  EIO: 'input/output error',
  'short write': 'no space left on device',
}

/** `base`, failing as `fault` says. Reading never fails. `actions` counts what was asked for. */
export function faultyDisk(base: Disk, fault: Fault): Disk & { readonly actions: number } {
  let actions = 0
  const fails = (): boolean => {
    const now = actions++
    return fault.lasting ? now >= fault.action : now === fault.action
  }
  const check = (what: string, path: string): void => {
    if (fails()) throw new DiskFault(`could not ${what} "${path}": ${WORDS[fault.kind]}`)
  }
  return {
    ...base,
    get actions() {
      return actions
    },
    write(path, offset, bytes) {
      if (fails()) {
        if (fault.kind === 'short write') base.write(path, offset, bytes.subarray(0, bytes.length >>> 1))
        throw new DiskFault(`could not write "${path}": ${WORDS[fault.kind]}`)
      }
      base.write(path, offset, bytes)
    },
    truncate(path, size) {
      check('truncate', path)
      base.truncate(path, size)
    },
    rename(from, to) {
      check('rename', from)
      base.rename(from, to)
    },
    remove(path) {
      check('remove', path)
      base.remove(path)
    },
    makeDirectory(path) {
      if (base.kind(path) === undefined) check('create directory', path)
      base.makeDirectory(path)
    },
    sync(path) {
      check('fsync', path)
      base.sync(path)
    },
  }
}
