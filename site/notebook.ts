// A notebook as the site reads it: nbformat 4 reduced to the cells, their text and their outputs.
//
//   chapters/01-wal.ipynb ──► Lesson { kind: 'chapter', slug: '01-wal', number: 1, title, question, notebook }
//   exercises/01-wal.ipynb ─► Lesson { kind: 'exercise', … }

import { basename } from 'node:path'
import createMarkdownIt from 'markdown-it'
import { plainText } from './markup.js'
import { SiteError } from './siteError.js'

export type LessonKind = 'chapter' | 'exercise'

export interface Lesson {
  readonly kind: LessonKind
  /** Path from the project's root, with forward slashes: the name errors use. */
  readonly path: string
  /** File name without extension, for example '01-wal'; a chapter and its exercise share it. */
  readonly slug: string
  readonly number: number
  readonly title: string
  /** What the first cell asks; an exercise may ask nothing (''). */
  readonly question: string
  readonly notebook: Notebook
}

export interface Notebook {
  readonly cells: readonly Cell[]
}

export type Cell = MarkdownCell | CodeCell

export interface MarkdownCell {
  readonly type: 'markdown'
  readonly source: string
}

export interface CodeCell {
  readonly type: 'code'
  readonly source: string
  readonly tags: readonly string[]
  readonly outputs: readonly Output[]
}

export type Output =
  | { readonly type: 'stream'; readonly name: 'stdout' | 'stderr'; readonly text: string }
  | {
      readonly type: 'display'
      readonly data: Readonly<Record<string, unknown>>
      readonly metadata: Readonly<Record<string, unknown>>
    }
  | {
      readonly type: 'error'
      readonly name: string
      readonly message: string
      readonly traceback: readonly string[]
    }

const markdown = createMarkdownIt()
const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** nbformat keeps text as one string or as a list of lines. */
function joined(value: unknown): string {
  if (typeof value === 'string') return value
  return Array.isArray(value) ? value.join('') : ''
}

/** Reads an nbformat 4 notebook; `path` is only the name that errors use. Throws SiteError. */
export function parseNotebook(text: string, path: string): Notebook {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new SiteError(`${path} is not JSON: ${(error as Error).message}`)
  }
  if (!isObject(json) || json.nbformat !== 4 || !Array.isArray(json.cells)) {
    throw new SiteError(`${path} is not a notebook of nbformat 4`)
  }
  const cells = json.cells.filter(isObject).flatMap(parseCell)
  return { cells }
}

function parseCell(cell: Json): Cell[] {
  const source = joined(cell.source)
  if (cell.cell_type === 'markdown') return [{ type: 'markdown', source }]
  if (cell.cell_type !== 'code' || source.trim() === '') return []
  const metadata = isObject(cell.metadata) ? cell.metadata : {}
  const tags = Array.isArray(metadata.tags) ? metadata.tags.map(String) : []
  const outputs = Array.isArray(cell.outputs) ? cell.outputs.filter(isObject).map(parseOutput) : []
  return [{ type: 'code', source: source.replace(/\s+$/, ''), tags, outputs: mergeStreams(outputs) }]
}

function parseOutput(output: Json): Output {
  switch (output.output_type) {
    case 'stream':
      return {
        type: 'stream',
        name: output.name === 'stderr' ? 'stderr' : 'stdout',
        text: joined(output.text),
      }
    case 'error':
      return {
        type: 'error',
        name: joined(output.ename),
        message: joined(output.evalue),
        traceback: Array.isArray(output.traceback) ? output.traceback.map(String) : [],
      }
    default:
      return {
        type: 'display',
        data: isObject(output.data) ? output.data : {},
        metadata: isObject(output.metadata) ? output.metadata : {},
      }
  }
}

/** A kernel may send one printed text in several messages; a reader sees one. */
function mergeStreams(outputs: readonly Output[]): Output[] {
  const merged: Output[] = []
  for (const output of outputs) {
    const last = merged.at(-1)
    if (output.type === 'stream' && last?.type === 'stream' && last.name === output.name) {
      merged[merged.length - 1] = { ...last, text: last.text + output.text }
    } else {
      merged.push(output)
    }
  }
  return merged
}

/** The notebook with its place in the course: number, title and question come from its name and first cell. */
export function parseLesson(text: string, path: string, kind: LessonKind): Lesson {
  const notebook = parseNotebook(text, path)
  const slug = basename(path, '.ipynb')
  const number = Number.parseInt(slug, 10)
  if (Number.isNaN(number)) {
    throw new SiteError(`${path} has no place in the course: its name must begin with a number`)
  }
  const first = notebook.cells[0]
  const title = first?.type === 'markdown' ? /^#\s+(.+)$/m.exec(first.source)?.[1] : undefined
  if (first === undefined || title === undefined) {
    throw new SiteError(`${path} has no title: its first cell must be markdown with a line "# Title"`)
  }
  const question = findQuestion(first.source)
  if (kind === 'chapter' && question === '') {
    throw new SiteError(`${path} asks no question: its first cell needs one sentence that ends in "?"`)
  }
  return {
    kind,
    path,
    slug,
    number,
    title: plainText(markdown.renderInline(bareTitle(title))),
    question,
    notebook,
  }
}

/** "# Chapter 4. Startup" and "# 4.1 · Startup" are both "Startup": the number is known from the file's name. */
export function bareTitle(title: string): string {
  return title.replace(/^(?:(?:chapter|exercise)\s*)?\d+(?:\.\d+)*\s*[.:·–—-]\s*/i, '').trim() || title.trim()
}

/** Characters of a question with what leads to it, on the contents page. */
const LONGEST_QUESTION = 240

/**
 * The first sentence of the text that ends in a question mark, with the sentences of its paragraph that lead to it
 * when they are short; without markdown's signs. '' when nothing is asked.
 */
export function findQuestion(source: string): string {
  const paragraphs = markdown.render(source).matchAll(/<p>([\s\S]*?)<\/p>/g)
  for (const [, html = ''] of paragraphs) {
    const paragraph = plainText(html)
    for (const { segment, index } of sentences.segment(paragraph)) {
      const question = segment.trim()
      if (!question.endsWith('?')) continue
      const withContext = paragraph.slice(0, index) + question
      return withContext.length <= LONGEST_QUESTION ? withContext : question
    }
  }
  return ''
}
