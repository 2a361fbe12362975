// Times on disk: pg_time_t counts seconds since 1970, TimestampTz microseconds since 2000. Texts are in UTC, so that
// the same directory gives the same words everywhere.

const POSTGRES_EPOCH_SECONDS = 946684800n

const two = (n: number): string => String(n).padStart(2, '0')

/** "2026-11-21 09:30:00 UTC", for seconds since 1970. */
export function formatTime(seconds: bigint): string {
  const d = new Date(Number(seconds) * 1000)
  const date = `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`
  return `${date} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} UTC`
}

/** "2026-11-21 09:30:00.123456+00", for microseconds since 2000 (timestamptz_to_str). */
export function formatTimestamp(microseconds: bigint): string {
  const seconds = microseconds / 1000000n + POSTGRES_EPOCH_SECONDS
  const fraction = (microseconds % 1000000n).toString().padStart(6, '0').replace(/0+$/, '')
  return `${formatTime(seconds).slice(0, 19)}${fraction === '' ? '' : '.' + fraction}+00`
}

/** "2026-11-21T09:30:00.123456Z", for microseconds since 2000: ISO 8601, to the microsecond. */
export function isoTimestamp(microseconds: bigint): string {
  const whole = microseconds - (((microseconds % 1000000n) + 1000000n) % 1000000n)
  const text = formatTime(whole / 1000000n + POSTGRES_EPOCH_SECONDS)
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${String(microseconds - whole).padStart(6, '0')}Z`
}

/** Microseconds since 2000 of a moment given in milliseconds since 1970. */
export function timestampOf(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1000n - POSTGRES_EPOCH_SECONDS * 1000000n
}
