// The seven steps in PostgreSQL's order: what the ribbon on every page and the picture on the first page show.

import type { Lesson } from './notebook.js'

export interface Step {
  readonly slug: string
  /** What fits on the ribbon. */
  readonly name: string
}

export const STEPS: readonly Step[] = [
  { slug: '01-wal', name: 'WAL' },
  { slug: '02-lsn', name: 'LSN' },
  { slug: '03-checkpoint', name: 'Checkpoint' },
  { slug: '04-startup', name: 'Startup' },
  { slug: '05-abort', name: 'Abort' },
  { slug: '06-temp-cleanup', name: 'Temp cleanup' },
  { slug: '07-final-checkpoint', name: 'Final checkpoint' },
]

/** The short name of a chapter; one outside the seven goes by its title. */
export function shortName(lesson: Pick<Lesson, 'slug' | 'title'>): string {
  return STEPS.find(({ slug }) => slug === lesson.slug)?.name ?? lesson.title
}

/** "Exercises: WAL": a notebook of exercises goes by its chapter, not by the first of them. */
export function exercisesTitle(exercise: Lesson, chapter: Lesson | undefined): string {
  const headings = exercise.notebook.cells.filter(
    ({ type, source }) => type === 'markdown' && /^# /m.test(source),
  )
  return `${headings.length > 1 ? 'Exercises' : 'Exercise'}: ${shortName(chapter ?? exercise)}`
}

export interface Course {
  /** In order of their numbers. */
  readonly chapters: readonly Lesson[]
  readonly exercises: readonly Lesson[]
}

export interface Neighbours {
  readonly previous: Lesson | undefined
  readonly next: Lesson | undefined
  /** A chapter's exercise, an exercise's chapter. */
  readonly partner: Lesson | undefined
}

/** The reading order: a chapter, its exercise, the next chapter. */
export function neighboursOf(lesson: Lesson, course: Course): Neighbours {
  const { chapters, exercises } = course
  const at = chapters.findIndex(({ slug }) => slug === lesson.slug)
  const sameSlug = ({ slug }: Lesson): boolean => slug === lesson.slug
  return lesson.kind === 'chapter'
    ? { previous: chapters[at - 1], next: chapters[at + 1], partner: exercises.find(sameSlug) }
    : { previous: undefined, next: at < 0 ? undefined : chapters[at + 1], partner: chapters[at] }
}
