// The few ways in which reading a data directory can fail. Each says what was seen, where, and what to do.
// The end of the log is not among them: that is a value (wal/reader.ts, EndOfWal).

/**
 * Bytes on disk contradict PostgreSQL's format. Nothing has been changed, unless replay had begun: then pg_control says
 * that recovery is under way, as PostgreSQL has it, and recovery may begin again.
 */
export class CorruptData extends Error {
  readonly file: string
  readonly expected: string
  readonly found: string
  constructor(where: { file: string; what: string; expected?: string; found?: string; todo?: string }) {
    const seen = where.expected === undefined ? '' : `: expected ${where.expected}, found ${where.found}`
    super(`${where.file}: ${where.what}${seen}${where.todo ? `; ${where.todo}` : ''}`)
    this.name = 'CorruptData'
    this.file = where.file
    this.expected = where.expected ?? ''
    this.found = where.found ?? ''
  }
  /** Adds what was being done, for whoever found the damage did not know. */
  during(what: string): this {
    this.message += ` (${what})`
    return this
  }
}

/** A valid PostgreSQL directory, but of a kind this engine does not recover. Nothing has been changed. */
export class Unsupported extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'Unsupported'
  }
}

/** The directory cannot be recovered as it stands, and PostgreSQL would refuse it too. Nothing has been changed. */
export class NotRecoverable extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'NotRecoverable'
  }
}

/** Another process is using the directory. Nothing has been changed. */
export class DirectoryInUse extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'DirectoryInUse'
  }
}

/** The operating system failed a read, a write or a sync. After a failed sync a run ends at once. */
export class DiskFault extends Error {
  constructor(what: string, cause?: unknown) {
    super(what, { cause })
    this.name = 'DiskFault'
  }
}

/** A replaceable part that its author has not written yet. */
export class NotStarted extends Error {
  constructor(part: string) {
    super(`${part} is not written yet`)
    this.name = 'NotStarted'
  }
}

/** An error on its way to another thread. */
export interface ToldError {
  name: string
  message: string
  file?: string
  expected?: string
  found?: string
}

/** What there is to tell of an error. */
export function tell(error: unknown): ToldError {
  const { name, message } = error as Error
  if (!(error instanceof CorruptData)) return { name, message }
  return { name, message, file: error.file, expected: error.expected, found: error.found }
}

/** The error that was told of. */
export function told({ name, message, file = '', expected, found }: ToldError): Error {
  if (name === 'CorruptData')
    return Object.assign(new CorruptData({ file, what: '', expected, found }), { message })
  return name === 'DiskFault' ? new DiskFault(message) : new Error(message)
}

/** A programmer's error: something that cannot happen, happened. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`)
}
