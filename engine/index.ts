// The public door of pgcrash. Chapters, exercises and the command line come in here.

export { crc32c, crcUpdate, crcFinish, CRC_INIT } from './bytes/crc32c.js'
export {
  assert,
  CorruptData,
  DirectoryInUse,
  DiskFault,
  NotRecoverable,
  NotStarted,
  Unsupported,
} from './bytes/errors.js'
export { hexdump } from './bytes/hexdump.js'
export { viewOf, type Field, type Struct, type ValueOf } from './bytes/layout.js'
export { join, parentOf, readFile, type Disk, type Entry, type EntryKind } from './disk/disk.js'
export { backupDisk, readJournal, undo, type Journal } from './disk/backupDisk.js'
export { memoryDisk, type MemoryDisk } from './disk/memoryDisk.js'
export { nodeDisk } from './disk/nodeDisk.js'
export { overlayDisk } from './disk/overlayDisk.js'
export { CheckPoint, CHECKPOINT_RECORD_LENGTH } from './format/checkpoint.js'
export {
  BLCKSZ,
  CONTROL_FILE,
  ControlFile,
  DBState,
  decodeControlFile,
  encodeControlFile,
  readControlFile,
  stateName,
} from './format/controlFile.js'
export {
  formatLsn,
  INVALID_LSN,
  locateLsn,
  maxAlign,
  parseLsn,
  parseSegmentFileName,
  segmentFileName,
  type Lsn,
} from './format/lsn.js'
export {
  isNewPage,
  itemBytes,
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  maxOffset,
  PageHeader,
  pageLsn,
  pageOf,
  PD,
  pdFlags,
  pdLower,
  pdSpecial,
  pdUpper,
  type Page,
} from './format/page.js'
export { pageChecksum } from './format/pageChecksum.js'
export { restoreImage } from './format/pageImage.js'
export {
  databasePath,
  FORK,
  FORK_NAMES,
  parseRelationFileName,
  relationPath,
  type RelationFileName,
  type RelFileLocator,
} from './format/relationPath.js'
export { formatTime, formatTimestamp } from './format/timestamp.js'
export { parsePrepare, parseTransactionEnd, XACT, type TransactionEnd } from './format/transactionRecord.js'
export {
  readStatus,
  STATUS_NAMES,
  statusPosition,
  TRANSACTION_STATUS,
  writeStatus,
  xidPrecedes,
  XACTS_PER_PAGE,
} from './format/transactionStatus.js'
export {
  pageHeaderSize,
  XLOG_BLCKSZ,
  XLOG_PAGE_MAGIC,
  XLogLongPageHeader,
  XLogPageHeader,
  XLP,
} from './format/walPage.js'
export { BKPBLOCK, BKPIMAGE, XLogRecord } from './format/walRecord.js'
export { decodeRecord } from './wal/decoder.js'
export { recordCrc, WalReader, type WalReaderOptions } from './wal/reader.js'
export { BlockRef, WalRecord, type BlockImage, type EndCause, type EndOfWal } from './wal/record.js'
export { listSegments, type SegmentFile } from './wal/segments.js'
export { encodeRecord, WalWriter, type WalWriterOptions } from './wal/writer.js'
export { BufferPool } from './buffers/bufferPool.js'
export { RelationFork, type BufferedPage } from './buffers/relationFork.js'
export { Slru } from './buffers/slru.js'
export { initBlockForRedo, readBlockForRedo, stamp, type BlockOutcome, type Outcome } from './redo/block.js'
export { setTransactionStatus, transactionStatus } from './redo/clog.js'
export type { RedoContext, StatusTables } from './redo/context.js'
export { Counters } from './redo/counters.js'
export type { ResourceManager } from './redo/resourceManager.js'
export { resourceManagers } from './redo/resourceManagers.js'
export { FINAL_WRITES, reference, type FinalWrite, type Parts, type TransactionEvent } from './parts.js'
export { carryOutCleanup, planCleanup, type CleanupPlan } from './recovery/cleanup.js'
export { type FinalCheckpoint } from './recovery/finish.js'
export {
  recover,
  Recovery,
  type Progress,
  type RecoverOptions,
  type RecoveryResult,
} from './recovery/recovery.js'
export { applyRecord, replay, type Step } from './recovery/replay.js'
export { findStartPoint, type StartPoint } from './recovery/startup.js'
export { openLog, surveyLog, type ManagerCount, type Survey } from './recovery/survey.js'
export {
  crashedCopy,
  openWithPostgres,
  type CrashedScene,
  type Opened,
  type Refused,
  type SceneName,
} from './scenes/door.js'
export { drawLsnRuler, type LsnMark, type LsnRulerOptions } from './lens/figures/lsnRuler.js'
export { drawPage, type PageFigureOptions } from './lens/figures/page.js'
export { drawRecord } from './lens/figures/record.js'
export type { PayloadFields, PayloadStructs } from './lens/figures/recordFields.js'
export { table, type Cell, type TableOptions, type TableRow } from './lens/figures/table.js'
export { drawTimeline, type TimelineStep } from './lens/figures/timeline.js'
export { drawTransactionStatus } from './lens/figures/transactionStatus.js'
export { drawWalPages } from './lens/figures/walPages.js'
export { judgeEnd, type EndVerdict, type Verdict } from './recovery/verdict.js'
export { waldumpLine } from './lens/waldump.js'
export { operationName, resourceManagerName } from './format/recordNames.js'
export { xl_heap_header, xl_heap_insert } from './format/heapRecords.js'
export { drawBufferPool } from './lens/figures/bufferPool.js'
export { drawFiles, type DrawnFile } from './lens/figures/files.js'
export { drawReplay, type ReplayedRecord } from './lens/figures/replay.js'
export {
  drawTransactionLives,
  transactionLives,
  type TransactionLife,
} from './lens/figures/transactionLives.js'
export { explainRecord, type ExplainOptions } from './lens/explain.js'
export { infomaskNames, readHeapTuple, readHeapTuples, type HeapTuple } from './format/heapTuple.js'
export { IndexTupleData, indexTupleSize, tidBlock } from './format/indexTuple.js'
export { recordRows, recordsBetween, type RecordRow } from './lens/records.js'
export { relationPages, type RelationPage } from './lens/relationPages.js'
export { createCluster, type ClusterOptions } from './database/cluster.js'
export type { CheckpointDone, CheckpointStep } from './database/checkpointer.js'
export { decodeRow, encodeRow, type Column, type ColumnType, type Value } from './database/columns.js'
export { Database, type DatabaseOptions } from './database/database.js'
export type { LockMode, RowId } from './database/heapPages.js'
export type { StoreOptions } from './database/store.js'
export type { Table, TableDescription } from './database/table.js'
export { RowConflict, type Transaction, type VisibleRow } from './database/transaction.js'
export { isVisible, type Fate, type Fates } from './format/visibility.js'
export { assembleRecord, type NewBlock, type NewRecord } from './wal/assemble.js'
export { CRASH_KINDS, powerDisk, type CrashKind, type DiskAction, type PowerDisk } from './disk/powerDisk.js'
export { faultyDisk, type Fault, type FaultKind } from './disk/faultyDisk.js'
export { readDirectory, type Reader } from './database/readTable.js'
export { simulate, type SimulationOptions, type SimulationResult } from './simulation/crashes.js'
export { describeStep, makeHistory, type Step as HistoryStep } from './simulation/history.js'
export { findViolation, RULES, type Rule } from './simulation/rules.js'
export { tellStory, tellViolation, type Story, type StoryOptions } from './simulation/story.js'
export { HEAP, HEAP2, HeapTupleHeaderData, isLockedOnly } from './format/heapTuple.js'
export { didCommit, type StatusSources } from './format/transactionStatus.js'
export { isVisibleAfterRecovery, type RowVersion } from './format/visibility.js'
export { findStatusPage, statusFile, type StatusPagePlace } from './buffers/slru.js'
export { truncateByXid } from './redo/commitTs.js'
export { markAborted } from './recovery/abort.js'
export { resetUnlogged, type UnloggedReset } from './recovery/cleanup.js'
export { multiXactMembers, multiXactUpdater, type MultiXactMember } from './redo/multixact.js'
export { addItem, initPage, setItemId, setPageLsn } from './format/page.js'
export { transactionEvents } from './recovery/survey.js'
export { BTP, initBtreePage } from './format/btreePage.js'
export {
  XLH_INSERT,
  XLH_UPDATE,
  XLHL,
  XLOG_HEAP,
  XLOG_HEAP_INIT_PAGE,
  xl_heap_update,
} from './format/heapRecords.js'
export { XLOG_BTREE } from './format/btreeRecords.js'
export { wasThereACrash } from './recovery/startup.js'
export { placeOn } from './scenes/places.js'
export type { PageKind } from './format/pageKind.js'
export { recordBytesBefore } from './format/walPage.js'
export { soleTimeline } from './wal/timelines.js'
export type { Timeline } from './wal/segments.js'
export { killedServer, startAgain, type KilledServer, type Restarted } from './scenes/door.js'
export { levelsOf, placeLabels, type PlacedLabel, type WantedLabel } from './lens/figures/labels.js'
export * as svg from './lens/figures/svg.js'
export { partsOf, type ByteField, type RecordPart } from './lens/figures/recordFields.js'
