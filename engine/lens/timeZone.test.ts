import { afterEach, expect, test, vi } from 'vitest'
import { dateText, localTimeZone, timestampText, UTC, type TimeZone } from './timeZone.js'

const berlinWinter: TimeZone = { at: () => ({ east: 3600, name: 'CET' }) }
const microseconds = (iso: string): bigint => BigInt(Date.parse(iso) - Date.UTC(2000, 0, 1)) * 1000n

afterEach(() => vi.unstubAllEnvs())

test('a timestamp in the log counts microseconds since 2000', () => {
  expect(timestampText(0n, UTC)).toBe('2000-01-01 00:00:00.000000 UTC')
  expect(timestampText(microseconds('2026-11-21T01:05:46Z') + 546_902n, UTC)).toBe(
    '2026-11-21 01:05:46.546902 UTC',
  )
  expect(timestampText(microseconds('2026-12-31T23:30:00Z'), berlinWinter)).toBe(
    '2027-01-01 00:30:00.000000 CET',
  )
})

test('before 2000 the fraction is negative, as C computes it', () => {
  expect(timestampText(-1n, UTC)).toBe('2000-01-01 00:00:00.-00001 UTC')
})

test('a date as the C locale writes it has its day padded with a space', () => {
  expect(dateText(1_000_000_000n, UTC)).toBe('Sun Sep  9 01:46:40 2001')
  expect(dateText(1_000_000_000n, berlinWinter)).toBe('Sun Sep  9 02:46:40 2001')
})

test.each([
  ['UTC', 'UTC', 'UTC'],
  ['Europe/Berlin', 'CET', 'CEST'],
  ['America/New_York', 'EST', 'EDT'],
  ['Asia/Tokyo', 'JST', 'JST'],
  ['America/Sao_Paulo', '-03', '-03'],
  ['Asia/Kathmandu', '+0545', '+0545'],
])('the machine’s zone %s is called %s in winter and %s in summer', (zone, winter, summer) => {
  vi.stubEnv('TZ', zone)
  const local = localTimeZone()
  expect(local.at(Date.UTC(2026, 0, 15) / 1000).name).toBe(winter)
  expect(local.at(Date.UTC(2026, 6, 15) / 1000).name).toBe(summer)
})
