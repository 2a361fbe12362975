// Times as PostgreSQL's tools print them. The log keeps microseconds since 2000-01-01 UTC, pg_control keeps seconds
// since 1970; both are shown in a zone that the caller hands in: UTC in the course, the machine's own on the command
// line, as in pg_waldump.

/** A time zone: for a moment, how far east of UTC the clocks are, and what the zone is then called. */
export interface TimeZone {
  /** `seconds` since 1970; `east` in seconds. */
  at(seconds: number): { east: number; name: string }
}

export const UTC: TimeZone = { at: () => ({ east: 0, name: 'UTC' }) }

const SECONDS_1970_TO_2000 = 946_684_800n
const MICROSECONDS = 1_000_000n
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const pad = (n: number | bigint, width: number, fill = '0'): string => String(n).padStart(width, fill)

/** Wall-clock time in the zone, held in the UTC fields of a Date. */
function wallClock(seconds: number, zone: TimeZone): Date {
  return new Date((seconds + zone.at(seconds).east) * 1000)
}

function clockText(date: Date): string {
  return `${pad(date.getUTCHours(), 2)}:${pad(date.getUTCMinutes(), 2)}:${pad(date.getUTCSeconds(), 2)}`
}

/** A TimestampTz as pg_waldump prints it: "2026-11-21 01:05:46.546902 UTC" (compat.c, timestamptz_to_str). */
export function timestampText(timestamp: bigint, zone: TimeZone): string {
  const seconds = Number(timestamp / MICROSECONDS + SECONDS_1970_TO_2000)
  const micros = timestamp % MICROSECONDS // below zero before 2000, as in C
  const fraction = micros < 0n ? `-${pad(-micros, 5)}` : pad(micros, 6)
  const date = wallClock(seconds, zone)
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1, 2)}-${pad(date.getUTCDate(), 2)}`
  return `${day} ${clockText(date)}.${fraction} ${zone.at(seconds).name}`
}

/** Seconds since 1970 as the C locale writes a date, %c: "Sat Nov 21 01:05:47 2026"; "???" for a moment no calendar has. */
export function dateText(seconds: bigint, zone: TimeZone): string {
  const date = wallClock(Number(seconds), zone)
  if (Number.isNaN(date.getTime())) return '???'
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${pad(date.getUTCDate(), 2, ' ')}`
  return `${day} ${clockText(date)} ${date.getUTCFullYear()}`
}

/** The zone of the machine (environment variable TZ, then its settings). */
export function localTimeZone(): TimeZone {
  const names = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA', 'ja-JP'].map((locale) => shortName(locale))
  return {
    at(seconds) {
      const date = new Date(seconds * 1000)
      if (Number.isNaN(date.getTime())) return UTC.at(seconds)
      const east = -date.getTimezoneOffset() * 60
      // No single locale abbreviates every zone ("CET", "JST"); where none does, tzdata says "+03" too.
      const found = names
        .map((name) => name(date))
        .find((name) => /^[A-Z]{2,5}$/.test(name) && name !== 'GMT')
      return { east, name: found ?? (east === 0 ? 'GMT' : offsetText(east)) }
    },
  }
}

function shortName(locale: string): (date: Date) => string {
  const format = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' })
  return (date) => format.formatToParts(date).find((part) => part.type === 'timeZoneName')?.value ?? ''
}

function offsetText(east: number): string {
  const minutes = Math.round(Math.abs(east) / 60)
  const text = pad(Math.floor(minutes / 60), 2) + (minutes % 60 ? pad(minutes % 60, 2) : '')
  return (east < 0 ? '-' : '+') + text
}
