import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { fillQuotes, quoteSymbol } from './quote.js'
import { writeSample } from './testing/sample.js'

const root = writeSample()
afterAll(() => rmSync(root, { recursive: true }))
const FILE = 'engine/format/walPage.ts'

test('a function is quoted as it stands, with its line', () => {
  const quote = quoteSymbol(root, `${FILE}#readPageHeader`)
  expect(quote).toMatchObject({ file: FILE, line: 7, symbol: 'readPageHeader' })
  expect(quote.code).toMatch(/^export function readPageHeader\(page: DataView\): PageHeader \{\n  \/\/ Two/)
  expect(quote.code).toMatch(/\n\}$/)
})

test('its doc comment comes along when asked for', () => {
  const quote = quoteSymbol(root, `${FILE}#readPageHeader`, true)
  expect(quote.line).toBe(6)
  expect(quote.code).toMatch(/^\/\*\* Reads the header/)
})

test('a member is found by its owner and stands at the left edge', () => {
  expect(quoteSymbol(root, `${FILE}#Reader.next`).code).toBe("next(): string {\n  return 'record'\n}")
  expect(quoteSymbol(root, `${FILE}#table.redo`).code).toBe('redo(): void {}')
  expect(quoteSymbol(root, `${FILE}#PageHeader.xlp_magic`).line).toBe(3)
})

test.each([
  [`${FILE}#readPage`, `${FILE} declares no readPage`],
  [`${FILE}#Reader.previous`, `${FILE} declares no Reader.previous`],
  [`${FILE}`, 'declares no symbol'],
  ['engine/gone.ts#x', 'there is no file engine/gone.ts'],
])('what is not there is an error in one sentence: %s', (reference, sentence) => {
  expect(() => quoteSymbol(root, reference)).toThrow(sentence)
})

test('a fence is filled, whatever stood in it', () => {
  const fence = '```ts quote=' + FILE + '#Reader.next\n'
  const filled = `Text.\n\n${fence}next(): string {\n  return 'record'\n}\n\`\`\`\n\nMore.`
  expect(fillQuotes(root, `Text.\n\n${fence}old\n\`\`\`\n\nMore.`)).toBe(filled)
  expect(fillQuotes(root, `Text.\n\n${fence}\`\`\`\n\nMore.`)).toBe(filled)
  expect(fillQuotes(root, filled)).toBe(filled)
})

const project = fileURLToPath(new URL('..', import.meta.url))
const chapters = readdirSync(join(project, 'chapters')).filter((name) => name.endsWith('.ipynb'))
test.each(chapters)('%s quotes the engine as it is (npm run quotes writes it anew)', (name) => {
  const { cells } = JSON.parse(readFileSync(join(project, 'chapters', name), 'utf8')) as {
    cells: { cell_type: string; source: string[] }[]
  }
  const prose = cells.filter(({ cell_type }) => cell_type === 'markdown').map(({ source }) => source.join(''))
  expect(prose).toEqual(prose.map((text) => fillQuotes(project, text)))
})
