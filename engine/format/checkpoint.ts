// The body of a checkpoint record, kept a second time inside pg_control (catalog/pg_control.h, CheckPoint).

import { i32, i64, struct, u32, u64, u8, type Struct, type ValueOf } from '../bytes/layout.js'

const declared = struct('CheckPoint', 88, {
  redo: u64(0), //               where replay starts if the server dies now
  ThisTimeLineID: u32(8),
  PrevTimeLineID: u32(12), //    differs only in the first checkpoint of a timeline
  fullPageWrites: u8(16),
  wal_level: i32(20), //         0 minimal, 1 replica, 2 logical
  nextXid: u64(24), //           the next transaction id, epoch in the high half
  nextOid: u32(32),
  nextMulti: u32(36),
  nextMultiOffset: u32(40),
  oldestXid: u32(44),
  oldestXidDB: u32(48),
  oldestMulti: u32(52),
  oldestMultiDB: u32(56),
  time: i64(64), //              seconds since 1970
  oldestCommitTsXid: u32(72),
  newestCommitTsXid: u32(76),
  oldestActiveXid: u32(80), //   0 in shutdown checkpoints
})
export type CheckPoint = ValueOf<typeof declared>
export const CheckPoint: Struct<CheckPoint> = declared

/** Bytes of a checkpoint record: header 24, main-data header 2, CheckPoint 88. */
export const CHECKPOINT_RECORD_LENGTH = 114
