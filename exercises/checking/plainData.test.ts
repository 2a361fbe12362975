import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { bytesOf, decode, encode, NotPlain, plain } from './plainData.js'

const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.boolean(),
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.uint8Array(),
    fc.constantFrom(null, undefined),
    fc.array(tie('value')),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => !/^[$_]/.test(key)),
      tie('value'),
    ),
  ),
})).value

test('plain data comes back as it was', () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(encode(plain(value))).toBe(encode(value))
    }),
  )
  const value = { lsn: 0xffffffffffffffffn, list: [1, undefined, NaN, -Infinity, 'x'], inner: { on: true } }
  expect(plain(value)).toEqual(value)
})

test('equal data has equal text, whatever the order of its fields', () => {
  expect(encode({ segment: 1n, offset: 2 })).toBe(encode({ offset: 2, segment: 1n }))
  expect(encode(-0)).toBe(encode(0))
  expect(encode(1)).not.toBe(encode(1n))
  expect(encode([1])).not.toBe(encode({ 0: 1 }))
  expect(encode(Uint8Array.of(1))).not.toBe(encode([1]))
})

test('bytes come back inside a larger buffer, as the engine hands out records', () => {
  const bytes = plain(Uint8Array.of(1, 2, 255)) as Uint8Array
  expect([...bytes]).toEqual([1, 2, 255])
  expect(bytes.byteOffset).toBeGreaterThan(0)
  expect(bytesOf('00ff').buffer.byteLength).toBeGreaterThan(2)
})

test('without Buffer, as in a browser, bytes have the same text', async () => {
  vi.stubGlobal('Buffer', undefined)
  vi.resetModules()
  const browser = await import('./plainData.js').finally(() => vi.unstubAllGlobals())
  const all = Uint8Array.from({ length: 300 }, (_, i) => i).subarray(7)
  expect(browser.encode(all)).toBe(encode(all))
  expect(browser.decode(encode(all))).toEqual(all)
  expect(decode(encode(all))).toEqual(all)
  expect(bytesOf('0af0')).toEqual(browser.bytesOf('0af0'))
  expect(new Uint8Array(bytesOf('0af0').buffer)).toEqual(new Uint8Array(browser.bytesOf('0af0').buffer))
})

test('what is no plain data is named', () => {
  class Lsn {}
  const cases: [unknown, string][] = [
    [Promise.resolve(true), 'a Promise'],
    [new Set([1]), 'a Set'],
    [() => true, 'a function'],
    [Symbol('x'), 'a symbol'],
    [new Lsn(), 'an object of a class'],
    [[new Date(0)], 'a Date'],
    [new Uint16Array(1), 'a Uint16Array'],
    [{ $n: '1' }, 'an object with a field "$n"'],
    ['x'.repeat(2 << 20), 'a very long string'],
  ]
  for (const [value, what] of cases) expect(() => encode(value)).toThrow(new NotPlain(what))
  const endless: unknown[] = []
  endless.push(endless)
  expect(() => encode(endless)).toThrow(NotPlain)
})

test('a value is read once', () => {
  let reads = 0
  const counter = {
    get answer() {
      return ++reads
    },
  }
  expect(plain(counter)).toEqual({ answer: 1 })
  expect(reads).toBe(1)
})

test('text that encode did not make is refused', () => {
  for (const text of [
    '',
    '{"$n":1}',
    '{"$n":"x"}',
    '{"$q":"1"}',
    '{"$b":"abc"}',
    '['.repeat(50) + ']'.repeat(50),
  ])
    expect(() => decode(text)).toThrow(SyntaxError)
})
