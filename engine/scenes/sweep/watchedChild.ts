/**
 * PostgreSQL in a process of its own, its file system in memory and under watch: each write and each
 * fsync that reaches the file layer of PGlite (Emscripten's) is noted, with its bytes. Started by
 * watch.ts, to which it sends a trace for each workload.
 */
import { PGlite } from '@electric-sql/pglite'
import { startParams } from '../serverSettings.js'
import type { DiskEvent, Trace, Workload } from './trace.js'

interface Node {
  readonly mode: number
}
interface Stream {
  readonly fd: number
  readonly node: Node
  readonly flags: number
  position: number
  stream_ops: { fsync?: (stream: Stream) => number }
}
type Bytes = Int8Array | Uint8Array

/** What is used of Emscripten's FS object; its functions call each other through it. */
interface FileSystem {
  readonly streams: readonly (Stream | null | undefined)[]
  open(path: string, flags: number, mode?: number): Stream
  write(s: Stream, buffer: Bytes, offset: number, length: number, at?: number, own?: boolean): number
  ftruncate(fd: number, size: number): void
  truncate(path: string | Node, size: number): void
  unlink(path: string): void
  rmdir(path: string): void
  rename(from: string, to: string): void
  mkdir(path: string, mode?: number): Node
  getPath(node: Node): string
  getStream(fd: number): Stream | null
  readdir(path: string): string[]
  readFile(path: string): Uint8Array
  lookupPath(path: string, options?: { follow?: boolean }): { node: Node }
  analyzePath(path: string): { exists: boolean }
  isDir(mode: number): boolean
  isFile(mode: number): boolean
}

const O_TRUNC = 0o1000
const O_APPEND = 0o2000

/**
 * What makes a stream tell of its syncs. PostgreSQL keeps files open for long: those that it opened before are made to
 * tell at once.
 */
function syncWatcher(
  fs: FileSystem,
  nodePath: (node: Node) => string | undefined,
  note: (event: DiskEvent) => void,
): (stream: Stream) => void {
  const fsync = (stream: Stream): number => {
    const path = nodePath(stream.node)
    if (path !== undefined) note({ kind: 'sync', path })
    return 0
  }
  const watchSyncs = (stream: Stream): void => {
    stream.stream_ops = { ...stream.stream_ops, fsync }
  }
  for (const stream of fs.streams)
    if (stream && fs.isFile(stream.node.mode) && nodePath(stream.node) !== undefined) watchSyncs(stream)
  return watchSyncs
}

/** Hands every change below `root` to `note`, once it has been made. */
function watch(fs: FileSystem, root: string, note: (event: DiskEvent) => void): void {
  const inside = (path: string): string | undefined =>
    path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path === root ? '' : undefined
  const nodePath = (node: Node): string | undefined => inside(fs.getPath(node))
  const absolute = (path: string): string => (path.startsWith('/') ? path : `${root}/${path}`)
  const { open, write, ftruncate, truncate, unlink, rmdir, rename, mkdir } = fs

  const watchSyncs = syncWatcher(fs, nodePath, note)
  fs.open = (path, flags, mode): Stream => {
    const existed = typeof path !== 'string' || fs.analyzePath(absolute(path)).exists
    const stream = open(path, flags, mode)
    const name = nodePath(stream.node)
    if (name === undefined) return stream
    watchSyncs(stream)
    if (!existed) note({ kind: 'create', path: name })
    else if (flags & O_TRUNC) note({ kind: 'truncate', path: name, size: 0 })
    return stream
  }
  fs.write = (stream, buffer, offset, length, at, own): number => {
    const path = nodePath(stream.node)
    if (path !== undefined && stream.flags & O_APPEND) throw new Error(`${path} is appended to`)
    const from = at ?? stream.position
    const written = write(stream, buffer, offset, length, at, own)
    if (path !== undefined)
      note({
        kind: 'write',
        path,
        at: from,
        bytes: Uint8Array.from(buffer.subarray(offset, offset + written)),
      })
    return written
  }
  fs.ftruncate = (fd, size): void => {
    ftruncate(fd, size)
    const stream = fs.getStream(fd)
    const path = stream ? nodePath(stream.node) : undefined
    if (path !== undefined) note({ kind: 'truncate', path, size })
  }
  fs.truncate = (path, size): void => {
    truncate(path, size)
    const name = typeof path === 'string' ? inside(absolute(path)) : undefined
    if (name !== undefined) note({ kind: 'truncate', path: name, size })
  }
  const noteRemoval =
    (remove: (path: string) => void) =>
    (path: string): void => {
      const name = inside(absolute(path))
      remove(path)
      if (name !== undefined) note({ kind: 'remove', path: name })
    }
  fs.unlink = noteRemoval(unlink)
  fs.rmdir = noteRemoval(rmdir)
  fs.rename = (from, to): void => {
    rename(from, to)
    const [a, b] = [inside(absolute(from)), inside(absolute(to))]
    if (a !== undefined && b !== undefined) note({ kind: 'rename', from: a, to: b })
  }
  fs.mkdir = (path, mode): Node => {
    const made = mkdir(path, mode)
    const name = inside(absolute(path))
    if (name !== undefined) note({ kind: 'makeDirectory', path: name })
    return made
  }
}

function wholeDirectory(fs: FileSystem, root: string): Pick<Trace, 'files' | 'folders'> {
  const files: [string, Uint8Array][] = []
  const folders: string[] = []
  const walk = (folder: string): void => {
    for (const name of fs.readdir(folder === '' ? root : `${root}/${folder}`)) {
      if (name === '.' || name === '..' || name === 'postmaster.pid') continue
      const path = folder === '' ? name : `${folder}/${name}`
      const { mode } = fs.lookupPath(`${root}/${path}`).node
      if (fs.isDir(mode)) {
        folders.push(path)
        walk(path)
      } else if (fs.isFile(mode)) files.push([path, fs.readFile(`${root}/${path}`)])
    }
  }
  walk('')
  return { files, folders }
}

async function trace(
  server: PGlite,
  workload: Workload,
  begin: (events: DiskEvent[]) => void,
): Promise<Trace> {
  const fs = server.Module.FS as unknown as FileSystem
  const [{ root }] = (
    await server.query<{ root: string }>("select current_setting('data_directory') as root")
  ).rows
  await server.exec(`drop table if exists done; create table done (step int)`)
  for (const sql of workload.before) await server.exec(sql)
  await server.exec('checkpoint')
  const events: DiskEvent[] = []
  const start = wholeDirectory(fs, root)
  begin(events)
  for (const [i, sql] of workload.steps.entries()) {
    const step = i + 1
    events.push({ kind: 'started', step })
    await server.exec(sql.replaceAll('$n', String(step)).replace(/; (commit|rollback)$/, noteXid))
    const xid = await lastXid(server, sql)
    events.push({ kind: 'acknowledged', step, xid })
  }
  begin([])
  return { workload: workload.name, ...start, events: [...events] }
}

const noteXid = (end: string): string =>
  `; select set_config('my.xid', pg_current_xact_id()::text, false)${end}`

/** The id of the step's transaction, where it committed one. */
async function lastXid(server: PGlite, sql: string): Promise<number | null> {
  if (!sql.endsWith('commit')) return null
  return Number((await server.query<{ xid: string }>("select current_setting('my.xid') as xid")).rows[0].xid)
}

async function watchAll(workloads: readonly Workload[]): Promise<void> {
  const params = startParams({ wal_sync_method: 'fsync', shared_buffers: '512kB', min_wal_size: '2MB' })
  const server = await PGlite.create({
    startParams: params,
    initDbStartParams: ['--wal-segsize=1'],
    onStderr: () => false,
  })
  let events: DiskEvent[] = []
  const [{ root }] = (
    await server.query<{ root: string }>("select current_setting('data_directory') as root")
  ).rows
  watch(server.Module.FS as unknown as FileSystem, root, (event) => events.push(event))
  for (const workload of workloads) {
    const watched = await trace(server, workload, (list) => (events = list))
    await new Promise((sent) => process.send?.(watched, sent))
  }
}

process.on('message', (workloads: readonly Workload[]) => {
  watchAll(workloads).then(
    () => process.disconnect(),
    (error: unknown) => process.send?.({ error: (error as Error).message }, () => process.disconnect()),
  )
})
