import { expect, test } from 'vitest'
import { restoreImage } from '../../format/pageImage.js'
import { initPage, pageOf } from '../../format/page.js'
import { recordCrc } from '../../wal/reader.js'
import { ascii, concat, le16, le16s, le32, walRecord } from './records.js'

test('a built record comes back from the decoder as it was said', () => {
  const page = pageOf()
  initPage(page, 16)
  page.bytes.fill(7, 8192 - 16)
  const record = walRecord({
    rmid: 11,
    info: 0x30,
    xid: 701,
    main: ascii('main'),
    lsn: 0xfffffff0n,
    xl_prev: 0x1234n,
    toplevelXid: 700,
    origin: 3,
    blocks: [
      { block: 9, data: ascii('nine') },
      { block: 4, fork: 3, image: page.bytes, data: ascii('four') },
      { id: 5, block: 1, relNumber: 77, willInit: true },
    ],
  })
  expect([record.xl_xid, record.info, record.xl_rmid, record.origin, record.toplevelXid]).toEqual([
    701, 0x30, 11, 3, 700,
  ])
  expect(Buffer.from(record.main).toString()).toBe('main')
  expect(record.xl_prev).toBe(0x1234n)
  expect(record.xl_crc).toBe(recordCrc(record.raw))
  expect(record.endLsn).toBe(0xfffffff0n + BigInt(Math.ceil(record.xl_tot_len / 8) * 8))

  const [first, second, third] = record.blocks
  expect([first.id, first.block, first.relNumber, first.fork]).toEqual([0, 9, 16384, 0])
  expect(Buffer.from(record.blockData(first)).toString()).toBe('nine')
  expect([second.id, second.block, second.fork, second.relNumber, second.appliesImage]).toEqual([
    1,
    4,
    3,
    16384,
    true,
  ])
  expect(Buffer.from(record.blockData(second)).toString()).toBe('four')
  const image = second.image
  if (!image) throw new Error('the image is missing')
  expect(image.length).toBe(24 + 16)
  const restored = new Uint8Array(8192).fill(1)
  expect(restoreImage(image, record.imageBytes(image), restored)).toBe(true)
  expect(restored).toEqual(page.bytes)
  expect([third.id, third.block, third.relNumber, third.willInit]).toEqual([5, 1, 77, true])
})

test('a page of a map comes whole: its bytes lie where other pages have their hole', () => {
  const page = pageOf()
  initPage(page, 0)
  page.bytes[24] = 3
  const [block] = walRecord({
    rmid: 9,
    info: 0x40,
    blocks: [{ block: 0, fork: 2, image: page.bytes }],
  }).blocks
  expect([block.image?.length, block.image?.hole_length]).toEqual([8192, 0])
})

test('numbers are written low byte first', () => {
  expect([...le32(0x01020304), ...le16(0x0506)]).toEqual([4, 3, 2, 1, 6, 5])
  expect(le16s(1, 258)).toEqual(concat(le16(1), le16(258)))
})
