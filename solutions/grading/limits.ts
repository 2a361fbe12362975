// What a part may cost. Small for people, plenty for one pure function.

export const limits = {
  /** Milliseconds from the start of a process until the cell has run. */
  load: 5000,
  /** Milliseconds for one answer. */
  answer: 2000,
  /** Milliseconds without an answer until what was asked together is asked again, one question at a time. */
  together: 500,
  /** Milliseconds for all answers of one exercise together. */
  total: 20_000,
  /** JavaScript heap, and everything else the process allocates, in MiB. */
  heap: 128,
  data: 512,
  /** Characters of one answer. */
  reply: 1 << 20,
  /** Characters of a cell, bytes of a notebook. */
  cell: 200_000,
  notebook: 32 << 20,
  /** Milliseconds to compile a cell. */
  compile: 5000,
  /** After so many rules have run out of time, or lost their process, the others of the exercise are not asked. */
  timeouts: 2,
  deaths: 3,
} as const

/** The limits on time, which a test may shorten. */
export type Patience = { readonly [Name in 'load' | 'answer' | 'total']: number }
