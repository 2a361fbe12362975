import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { quoteSymbol } from './quote.js'
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
