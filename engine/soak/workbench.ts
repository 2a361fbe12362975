/**
 * A copy of a directory that is put back as it was after each use, file by file: only what was written since is copied
 * again. A file as it was has a date of its own, which no writing leaves alone, and is the same file still.
 */
import { chownSync, copyFileSync, lstatSync, mkdirSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { copyFor } from '../scenes/crashNative.js'

const UNTOUCHED = new Date('2001-01-01T00:00:00Z')

export class Workbench {
  private readonly files = new Map<string, number>()

  constructor(
    private readonly original: string,
    readonly place: string,
  ) {
    copyFor(original, place)
    this.each('', (path) => this.mark(path))
  }

  private mark(path: string): void {
    const file = join(this.place, path)
    utimesSync(file, UNTOUCHED, UNTOUCHED)
    this.files.set(path, lstatSync(file).ino)
  }

  /** Makes the copy what the original is. */
  putBack(): void {
    this.each('', (path) => {
      const [from, to] = [join(this.original, path), join(this.place, path)]
      const now = lstatSync(to, { throwIfNoEntry: false })
      if (now?.mtimeMs === UNTOUCHED.getTime() && now.ino === this.files.get(path)) return
      if (now?.isDirectory()) rmSync(to, { recursive: true })
      copyFileSync(from, to)
      this.mark(path)
    })
    this.giveAway()
  }

  /** Everything belongs to whom the original belongs. */
  giveAway(folder = ''): void {
    const { uid, gid } = lstatSync(this.original)
    for (const entry of readdirSync(join(this.place, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (lstatSync(join(this.place, path)).uid !== uid) chownSync(join(this.place, path), uid, gid)
      if (entry.isDirectory()) this.giveAway(path)
    }
  }

  /** Visits the original's files; in the copy there are the same folders then, and nothing else. */
  private each(folder: string, visit: (path: string) => void): void {
    const entries = readdirSync(join(this.original, folder), { withFileTypes: true })
    const wanted = new Set(entries.map(({ name }) => name))
    mkdirSync(join(this.place, folder), { recursive: true, mode: 0o700 })
    for (const name of readdirSync(join(this.place, folder)))
      if (!wanted.has(name)) rmSync(join(this.place, folder, name), { recursive: true })
    for (const entry of entries)
      if (entry.isDirectory()) this.each(join(folder, entry.name), visit)
      else visit(join(folder, entry.name))
  }
}
