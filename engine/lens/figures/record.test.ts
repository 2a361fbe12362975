import { expect, test } from 'vitest'
import { xl_heap_header, xl_heap_insert } from '../../format/heapRecords.js'
import { walRecord } from '../../redo/testing/records.js'
import { drawRecord } from './record.js'
import { partsOf } from './recordFields.js'
import { expectSoundFigure, wordsOf } from './testing/figure.js'

const letters = (words: string): Uint8Array => new TextEncoder().encode(words)

const insert = walRecord({
  rmid: 10,
  info: 0,
  xid: 763,
  xl_prev: 0x8ee8f8n,
  lsn: 0x8ee920n,
  blocks: [{ block: 2, data: Uint8Array.of(6, 0, 2, 8, 24, ...letters('shared dinner')) }],
  main: Uint8Array.of(49, 0, 0),
})

test('the parts of a record are all its bytes, in order, without gap', () => {
  const page = new Uint8Array(8192).fill(7, 0, 100)
  const records = [
    insert,
    walRecord({
      rmid: 0,
      info: 0xb0,
      blocks: [
        { block: 1, image: page },
        { block: 9, data: letters('abc') },
      ],
    }),
    walRecord({ rmid: 1, info: 0, main: new Uint8Array(300), toplevelXid: 700, origin: 3 }),
    walRecord({ rmid: 0, info: 0x40 }),
  ]
  for (const record of records) {
    let at = 0
    for (const part of partsOf(record)) {
      expect(part.at).toBe(at)
      at += part.size
    }
    expect(at).toBe(record.xl_tot_len)
    const [header, announced] = partsOf(record)
    for (const part of [header, announced].filter((p) => p?.kind === 'header' || p?.kind === 'announcement'))
      expect(part.fields.reduce((sum, { size }) => sum + size, 0)).toBe(part.size)
  }
})

test('every number in the figure is the record’s', () => {
  const words = wordsOf(drawRecord(insert, { main: xl_heap_insert, data: xl_heap_header }))
  const valueOf = (name: string): string | undefined => words[words.indexOf(name) + 1]
  expect(valueOf('xl_tot_len')).toBe(String(insert.xl_tot_len))
  expect(valueOf('xl_xid')).toBe('763')
  expect(valueOf('xl_prev')).toBe('0/8EE8F8')
  expect(valueOf('xl_info')).toBe('INSERT')
  expect(valueOf('xl_rmid')).toBe('Heap')
  expect(valueOf('xl_crc')).toBe(insert.xl_crc.toString(16).toUpperCase().padStart(8, '0'))
  expect(valueOf('data_length')).toBe('18')
  expect(valueOf('relNumber')).toBe('16384')
  expect(valueOf('block number')).toBe('2')
  expect(valueOf('t_infomask')).toBe('0802h')
  expect(valueOf('offnum')).toBe('49')
})

test('all bytes of a short record are there, text of its payload beneath them', () => {
  const words = wordsOf(drawRecord(insert))
  const hex = words.filter((word) => /^[0-9a-f]{2}$/.test(word)).map((word) => parseInt(word, 16))
  for (const byte of insert.raw) expect(hex).toContain(byte)
  expect(words.filter((word) => word.length === 1 && /[a-z]/.test(word)).join('')).toContain('shareddinner')
})

test('a long image shows its beginning, its end, and how much is left out', () => {
  const page = new Uint8Array(8192).fill(1)
  const record = walRecord({
    rmid: 10,
    info: 0,
    blocks: [{ block: 0, image: page }],
    main: Uint8Array.of(1, 0, 0),
  })
  const svg = drawRecord(record)
  expectSoundFigure(svg)
  const shown = 2 * 24 + (8192 % 24)
  expect(wordsOf(svg)).toContain(`⋯ ${(8192 - shown).toLocaleString('en-US')} bytes more ⋯`)
})

test('a figure of any record is sound', () => {
  expectSoundFigure(drawRecord(insert, { main: xl_heap_insert, data: xl_heap_header }))
  expectSoundFigure(drawRecord(walRecord({ rmid: 0, info: 0x40 })))
  expectSoundFigure(
    drawRecord(walRecord({ rmid: 1, info: 0, main: new Uint8Array(300), toplevelXid: 700, origin: 3 })),
  )
})
