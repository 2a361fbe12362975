// A data directory for tests of the command line: a control file, and a log that our own writer wrote.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeDisk } from '../../disk/nodeDisk.js'
import { CheckPoint } from '../../format/checkpoint.js'
import { BLCKSZ, ControlFile, DBState, writeControlFile } from '../../format/controlFile.js'
import type { Lsn } from '../../format/lsn.js'
import { WalWriter } from '../../wal/writer.js'

const SEGMENT = 1 << 20
const BEGIN = BigInt(SEGMENT)
const SYSTEM = 7_000_000_000_000_000_001n
const STATUS_TABLES = ['pg_xact', 'pg_multixact/offsets', 'pg_multixact/members']
const [XLOG, TRANSACTION, LOGICAL_MESSAGE] = [0, 1, 21]

export interface TestDirectory {
  path: string
  /** Starts of the records: a shutdown checkpoint, a message and an abort of each of transactions 3, 4, 5, a message of 6. */
  starts: Lsn[]
  end: Lsn
  /** Writes one more message to the log, of transaction 7. */
  append(): Lsn
  remove(): void
}

/** `more`: so many messages of transaction 6 at the end. */
export function testDirectory(more = 1): TestDirectory {
  const path = mkdtempSync(join(tmpdir(), 'pgcrash-cli-'))
  const disk = nodeDisk(path)
  for (const directory of ['global', 'pg_wal', 'base']) disk.makeDirectory(directory)
  const options = {
    disk,
    segmentSize: SEGMENT,
    timeline: 1,
    systemIdentifier: SYSTEM,
    position: BEGIN,
    previous: 0n,
  }
  const writer = new WalWriter(options)
  const checkpoint = {
    ...CheckPoint.read(new Uint8Array(CheckPoint.size)),
    ThisTimeLineID: 1,
    PrevTimeLineID: 1,
  }
  const redo = writer.nextRecordStart
  const body = new Uint8Array(CheckPoint.size)
  CheckPoint.write(body, 0, { ...checkpoint, redo, nextXid: 3n, nextMulti: 1, wal_level: 1 })
  const starts = [writer.insert(XLOG, 0, 0, body).start]
  for (const xid of [3, 4, 5]) {
    starts.push(writer.insert(LOGICAL_MESSAGE, 0, xid, message('hello!')).start)
    starts.push(writer.insert(TRANSACTION, 0x20, xid, new Uint8Array(8)).start)
  }
  const long = message('x'.repeat(9000))
  for (let i = 0; i < more; i++) starts.push(writer.insert(LOGICAL_MESSAGE, 0, 6, long).start)
  writer.write()
  for (const table of STATUS_TABLES) {
    disk.makeDirectory(table)
    disk.write(`${table}/0000`, 0, new Uint8Array(BLCKSZ))
  }
  writeControlFile(disk, controlFile(CheckPoint.read(body), redo))
  return {
    path,
    starts,
    end: writer.position,
    append() {
      const { start } = writer.insert(LOGICAL_MESSAGE, 0, 7, message('more'))
      writer.write()
      return start
    },
    remove() {
      disk.close()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

function controlFile(checkPointCopy: CheckPoint, checkPoint: Lsn): ControlFile {
  return {
    ...ControlFile.read(new Uint8Array(ControlFile.size)),
    system_identifier: SYSTEM,
    pg_control_version: 1800,
    catalog_version_no: 202506291,
    state: DBState.DB_IN_PRODUCTION,
    time: 1_700_000_000n,
    checkPoint,
    checkPointCopy,
    maxAlign: 8,
    floatFormat: 1234567,
    blcksz: 8192,
    relseg_size: 131072,
    xlog_blcksz: 8192,
    xlog_seg_size: SEGMENT,
    data_checksum_version: 1,
  }
}

/** Main data of a transactional LogicalMessage record with an empty prefix. */
function message(text: string): Uint8Array {
  const main = new Uint8Array(25 + text.length)
  const view = new DataView(main.buffer)
  view.setUint8(4, 1)
  view.setBigUint64(8, 1n, true)
  view.setBigUint64(16, BigInt(text.length), true)
  main.set(new TextEncoder().encode(text), 25)
  return main
}
