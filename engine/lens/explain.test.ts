import { expect, test } from 'vitest'
import { operationName, resourceManagerName } from '../format/recordNames.js'
import { concat, le16, le32, walRecord } from '../redo/testing/records.js'
import { explainRecord } from './explain.js'

const page = new Uint8Array(8192)
const insert = concat(le16(102), Uint8Array.of(0))

test('an insert, the first change of its page since the checkpoint', () => {
  const record = walRecord({ rmid: 10, info: 0, xid: 754, blocks: [{ block: 0, image: page }], main: insert })
  expect(explainRecord(record)).toBe(
    'transaction 754 inserted a row at (0,102) of relation 1663/5/16384; ' +
      'the page’s first change since the checkpoint, so the whole page is in the record'.replace('’', "'"),
  )
})

test('of several pages it names those that are in the record whole', () => {
  const record = walRecord({
    rmid: 10,
    info: 0,
    xid: 754,
    toplevelXid: 750,
    blocks: [{ block: 4 }, { block: 0, fork: 2, image: page }],
    main: insert,
  })
  expect(explainRecord(record)).toBe(
    'transaction 754 (a part of transaction 750) inserted a row at (4,102) of relation 1663/5/16384; ' +
      'page 0 of the visibility map changes for the first time since the checkpoint, so it is in the record whole',
  )
})

test('names of relations are used where they are known', () => {
  const record = walRecord({ rmid: 10, info: 0, xid: 754, blocks: [{ block: 0 }], main: insert })
  expect(
    explainRecord(record, {
      relationName: ({ relNumber }) => (relNumber === 16384 ? 'accounts' : undefined),
    }),
  ).toBe('transaction 754 inserted a row at (0,102) of relation accounts')
})

test('a copy for wal_consistency_checking is not taken for a full-page write', () => {
  const blocks = [{ block: 0, image: page, imageForCheckOnly: true }]
  expect(explainRecord(walRecord({ rmid: 10, info: 0, xid: 1, blocks, main: insert }))).toMatch(
    /1663\/5\/16384; with a copy of the page, to compare with what redo makes of it$/,
  )
})

test('locks are named as SQL names them', () => {
  const locked = (infobits: number): string =>
    explainRecord(
      walRecord({
        rmid: 10,
        info: 0x60,
        xid: 9,
        blocks: [{ block: 1 }],
        main: concat(le32(9), le16(4), Uint8Array.of(infobits, 0)),
      }),
    )
  expect(locked(0x02 | 0x08)).toBe(
    'transaction 9 locked the row at (1,4) of relation 1663/5/16384 (FOR KEY SHARE)',
  )
  expect(locked(0x02 | 0x0c)).toMatch(/\(FOR SHARE\)$/)
  expect(locked(0x02 | 0x04)).toMatch(/\(FOR NO KEY UPDATE\)$/)
  expect(locked(0x02 | 0x14)).toMatch(/\(FOR UPDATE\)$/)
  expect(locked(0x01)).toMatch(/, together with others: multixact 9$/)
})

test('there is a sentence for every operation of every resource manager', () => {
  const main = concat(new Uint8Array(72), new Uint8Array(128)) // zeroes fit every record: all counts are 0
  const silent: string[] = []
  for (let rmid = 0; rmid <= 21; rmid++)
    for (let info = 0; info <= 0xf0; info += 0x10) {
      const name = operationName(rmid, info)
      if (name.startsWith('UNKNOWN')) continue
      const blocks = [{ block: 1 }, { block: 2 }, { block: 3 }]
      const spec = {
        rmid,
        info: rmid === 1 ? info & 0x70 : info,
        blocks,
        main: rmid === 21 ? main.subarray(0, 24) : main,
      }
      const sentence = explainRecord(walRecord(spec))
      if (!/^[^\n]{10,}[^.]$/.test(sentence) || /only the code it belongs to|undefined|NaN/.test(sentence))
        silent.push(`${resourceManagerName(rmid)} ${name}: ${sentence}`)
    }
  expect(silent).toEqual([])
})

test('an extension’s record is left to the extension', () => {
  expect(explainRecord(walRecord({ rmid: 130, info: 0 }))).toBe(
    'the server wrote a record of custom130 that only the code it belongs to can read',
  )
})
