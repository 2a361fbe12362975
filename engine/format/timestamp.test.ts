import { expect, test } from 'vitest'
import { formatTimestamp, isoTimestamp, timestampOf } from './timestamp.js'

test('one moment, as PostgreSQL and as ISO 8601 write it', () => {
  const moment = timestampOf(Date.UTC(2026, 10, 21, 1, 5, 46, 546)) + 902n
  expect(formatTimestamp(moment)).toBe('2026-11-21 01:05:46.546902+00')
  expect(isoTimestamp(moment)).toBe('2026-11-21T01:05:46.546902Z')
  expect(new Date(isoTimestamp(moment)).getTime()).toBe(Date.UTC(2026, 10, 21, 1, 5, 46, 546))
  expect(isoTimestamp(-1n)).toBe('1999-12-31T23:59:59.999999Z')
})
