// An LSN (log sequence number, XLogRecPtr) is a position in the stream of WAL: the number of bytes written before
// it since the cluster began. Sixty-four bits, so here always a bigint; in text two hexadecimal halves, "0/1A2B3C8".
//
//   0/1A2B3C8, segments of 16 MiB:   1A2B3C8h = 1 * 16 MiB + A2B3C8h
//   file 00000001 00000000 00000001, byte A2B3C8h of it (timeline 1)

export type Lsn = bigint

/** 0/0: no position; no record ever starts there. */
export const INVALID_LSN: Lsn = 0n

/** "0/1A2B3C8", as PostgreSQL 18 prints it (LSN_FORMAT_ARGS: %X/%X, no padding). */
export function formatLsn(lsn: Lsn): string {
  return `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`
}

/** Reads "0/1A2B3C8"; undefined when the text is no LSN (pg_lsn.c, pg_lsn_in_internal). */
export function parseLsn(text: string): Lsn | undefined {
  const match = /^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/i.exec(text)
  return match ? (BigInt('0x' + match[1]) << 32n) | BigInt('0x' + match[2]) : undefined
}

/** Joins the two 32-bit halves. */
export function lsnOf(high: number, low: number): Lsn {
  return (BigInt(high) << 32n) | BigInt(low)
}

/** Which segment holds a position, and at which byte. `segmentSize` in bytes. */
export function locateLsn(lsn: Lsn, segmentSize: number): { segment: bigint; offset: number } {
  return { segment: lsn / BigInt(segmentSize), offset: Number(lsn % BigInt(segmentSize)) }
}

/** Name of a WAL segment's file: timeline, then the segment number in two parts (XLogFileName). */
export function segmentFileName(timeline: number, segment: bigint, segmentSize: number): string {
  const perId = 0x100000000n / BigInt(segmentSize)
  const part = (n: bigint): string => n.toString(16).toUpperCase().padStart(8, '0')
  return part(BigInt(timeline)) + part(segment / perId) + part(segment % perId)
}

/** Timeline and segment number of a segment's file name; undefined for any other name (XLogFromFileName). */
export function parseSegmentFileName(
  name: string,
  segmentSize: number,
): { timeline: number; segment: bigint } | undefined {
  if (!/^[0-9A-F]{24}$/.test(name)) return undefined
  const perId = 0x100000000n / BigInt(segmentSize)
  const [id, rest] = [BigInt('0x' + name.slice(8, 16)), BigInt('0x' + name.slice(16))]
  return rest < perId ? { timeline: parseInt(name.slice(0, 8), 16), segment: id * perId + rest } : undefined
}

/** Rounds up to the next multiple of eight (MAXALIGN). */
export function maxAlign(n: number): number {
  return Math.ceil(n / 8) * 8
}
