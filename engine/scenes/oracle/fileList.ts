/**
 * Which files there are, in two directories that two engines recovered. Recovery decides that too: a table created,
 * dropped, moved, a database copied, a transaction prepared, a segment of a status table cut off.
 */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Files that PostgreSQL writes when it starts, or that recovery may keep in its own way. Each has its reason. */
const OWN: readonly (readonly [RegExp, string])[] = [
  [/^postmaster\.(pid|opts)$/, 'a server that runs, or ran'],
  [
    /^pg_wal\/[0-9A-F]{24}$/,
    'the log is compared by what is in it; how many empty segments wait is a matter of settings',
  ],
  [/^pg_subtrans\//, 'parents of running transactions: made anew at each start'],
  [/(^|\/)pg_internal\.init$/, 'a cache, made by the first session'],
  [/^pg_stat(_tmp)?\//, 'statistics, which a crash discards'],
  [/^pg_dynshmem\//, 'shared memory of a running server'],
  [/_fsm(\.\d+)?$/, 'a free space map is advice, and not logged: its pages are made when they are wanted'],
  [/^pg_notify\//, 'messages between sessions that run'],
]

/** Every file, link and folder below `dir`, by path; what `OWN` names is left out. */
function namesIn(dir: string): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(dir, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (OWN.some(([pattern]) => pattern.test(path))) continue
      const isFolder = entry.isSymbolicLink() ? isDirectory(join(dir, path)) : entry.isDirectory()
      found.set(path, entry.isSymbolicLink() ? 'link' : isFolder ? 'folder' : 'file')
      if (isFolder) visit(path)
    }
  }
  visit('')
  return found
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** A sentence for each path that only one of the directories has, or that is a file in one and not in the other. */
export function compareFiles(theirs: string, ours: string): string[] {
  const [a, b] = [namesIn(theirs), namesIn(ours)]
  return [...new Set([...a.keys(), ...b.keys()])]
    .sort()
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => `${path}: ${a.get(path) ?? 'absent'} in theirs, ${b.get(path) ?? 'absent'} in ours`)
}
