/** What became of one cell. Cells without anything to run are left out. */
export interface CellReport {
  /** Counted from 1, text cells too. */
  readonly cell: number
  readonly status: 'ok' | 'failed' | 'notRun'
  readonly executionCount: number | null
  readonly seconds: number
  /** Why it failed. */
  readonly message?: string
}

export interface NotebookReport {
  /** The path as it was given. */
  readonly notebook: string
  readonly status: 'ok' | 'failed'
  /** With the start and the end of the kernel. */
  readonly seconds: number
  readonly cells: readonly CellReport[]
  /** Of the first cell that failed: `cell 7: …`. */
  readonly message?: string
  /** The executed copy. */
  readonly executed?: string
}

export interface RunOptions {
  /** Executed copies are written here, by name; of a notebook that failed only when `keepGoing` is set. */
  readonly outDir?: string
  /** Runs them in tslab as its authors made it. */
  readonly stock?: boolean
  /** Runs the cells after one that failed. */
  readonly keepGoing?: boolean
  /** Seconds for one cell; 60 when not given. */
  readonly timeout?: number
  /** Called with each step of an installation. They are printed when it is not given. */
  readonly tell?: (step: string) => void
  /** Called with each report as soon as it is there. Failures are printed when it is not given. */
  readonly onReport?: (report: NotebookReport) => void
}

/**
 * Runs notebooks, each in its own kernel and in its own folder. Installs and builds what is missing first.
 *
 * @throws Refusal when the runner itself cannot be run; a notebook that fails is a report that says so
 */
export function runNotebooks(notebooks: readonly string[], options?: RunOptions): Promise<NotebookReport[]>

/** One line for a notebook; below it, why it failed. */
export function describeReport(report: NotebookReport): string
