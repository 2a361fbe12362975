import { expect, test } from 'vitest'
import { DBState } from '../format/controlFile.js'
import { wasThereACrash } from './startup.js'

const { DB_SHUTDOWNED, DB_SHUTDOWNED_IN_RECOVERY, DB_SHUTDOWNING } = DBState
const { DB_IN_CRASH_RECOVERY, DB_IN_ARCHIVE_RECOVERY, DB_IN_PRODUCTION } = DBState

test.each([
  ['shut down', DB_SHUTDOWNED, 0n, [], 'clean'],
  ['shut down, its checkpoint overlapped', DB_SHUTDOWNED, 0x58n, [], 'crashed'],
  ['shutting down', DB_SHUTDOWNING, 0n, [], 'crashed'],
  ['in production, at its first checkpoint', DB_IN_PRODUCTION, 0n, ['postmaster.pid'], 'crashed'],
  ['in production', DB_IN_PRODUCTION, 0x58n, ['backup_label.old'], 'crashed'],
  ['in crash recovery', DB_IN_CRASH_RECOVERY, 0n, [], 'crashed'],
  ['a standby', DB_IN_ARCHIVE_RECOVERY, 0x58n, ['standby.signal'], 'not ours'],
  ['a standby without its file', DB_IN_ARCHIVE_RECOVERY, 0x58n, [], 'not ours'],
  ['a standby that was shut down', DB_SHUTDOWNED_IN_RECOVERY, 0n, [], 'not ours'],
  ['a backup of a server', DB_IN_PRODUCTION, 0x58n, ['backup_label'], 'not ours'],
  ['shut down, and asked to recover', DB_SHUTDOWNED, 0n, ['recovery.signal'], 'not ours'],
] as const)('%s', (_what, state, distance, files, expected) => {
  expect(wasThereACrash({ state, checkPoint: 0x1a2b3c8n + distance, redo: 0x1a2b3c8n }, files)).toBe(expected)
})
