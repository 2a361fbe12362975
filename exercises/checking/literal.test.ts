import { expect, test } from 'vitest'
import { literal } from './literal.js'

test.each([
  [{ t_xmin: 760, updater: 0 }, '{ t_xmin: 760, updater: 0 }'],
  [{ 769: 1, 0: 2 }, '{ 0: 2, 769: 1 }'],
  [{ 'pg_xact/0000': 8192 }, "{ 'pg_xact/0000': 8192 }"],
  [{ '007': 1, "it's": 2, '': 3 }, "{ '007': 1, 'it\\'s': 2, '': 3 }"],
  [[1n, 0x10000n, 'a\\b'], "[1n, 0x10000n, 'a\\\\b']"],
])('%o as source text, and back', (value, text) => {
  expect(literal(value)).toBe(text)
  expect(new Function(`return ${text}`)()).toEqual(value)
})
