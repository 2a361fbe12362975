import { viewOf, XLogPageHeader } from 'pgcrash'
import { expect, test } from 'vitest'
import { joinedByReader, pagesWith } from './joinRecord.js'

test.each([
  { what: 'within a page', page: 5, start: 4096, length: 100, pages: 1 },
  { what: 'up to the end of a page', page: 5, start: 8096, length: 96, pages: 1 },
  { what: 'over the end of a page', page: 5, start: 8128, length: 100, pages: 2 },
  { what: 'over the end of a segment', page: 127, start: 8128, length: 100, pages: 2 },
  { what: 'with its header cut', page: 0, start: 8184, length: 100, pages: 2 },
  { what: 'over the end of a segment of 16 MiB', page: 2047, start: 8128, length: 100, pages: 2, size: 16 },
  {
    what: 'over the end of a segment of 1 GiB',
    page: 131071,
    start: 8128,
    length: 100,
    pages: 2,
    size: 1024,
  },
  { what: 'over a mebibyte within a segment', page: 127, start: 8128, length: 100, pages: 2, size: 64 },
  { what: 'from the first page of a mebibyte on', page: 128, start: 4096, length: 100, pages: 1, size: 16 },
  { what: 'over a whole page', page: 126, start: 8128, length: 12_000, pages: 3 },
])("the engine's reader takes a record $what", ({ page, start, length, pages, size = 1 }) => {
  const made = pagesWith({ page, start, length, segmentSize: size << 20 })
  expect(made.length).toBe(pages)
  const record = joinedByReader(made, start)
  expect(record?.length).toBe(length)
  expect(viewOf(record ?? new Uint8Array(4)).getUint32(0, true)).toBe(length)

  // It notices when a page is not there, or another record's.
  if (pages === 1) return
  expect(joinedByReader(made.slice(0, -1), start)).toBeUndefined()
  viewOf(made[1]).setUint32(XLogPageHeader.at.xlp_rem_len, 1, true)
  expect(joinedByReader(made, start)).toBeUndefined()
})
