// Compressors for the formats that the engine only reads: as simple as each format allows.

/** Where the longest match for the bytes at `at` begins, among the last places with the same three bytes. */
class Matches {
  private readonly places = new Map<number, number[]>()

  constructor(
    private readonly plain: Uint8Array,
    private readonly reach: number,
    private readonly longest: number,
    /** No match goes further. */
    private readonly end = plain.length,
  ) {}

  /** Length and distance of the best match; length 0 for none. */
  find(at: number): [size: number, back: number] {
    let best: [number, number] = [0, 0]
    for (const from of this.places.get(this.key(at)) ?? []) {
      if (at - from > this.reach) continue
      let n = 0
      while (n < this.longest && at + n < this.end && this.plain[at + n] === this.plain[from + n]) n++
      if (n > best[0]) best = [n, at - from]
    }
    return best
  }

  /** The bytes from `from` to `to` may be matched from now on. */
  pass(from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const places = this.places.get(this.key(at))
      if (!places) this.places.set(this.key(at), [at])
      else if (places.push(at) > 16) places.shift()
    }
  }

  private key(at: number): number {
    return this.plain[at] | (this.plain[at + 1] << 8) | (this.plain[at + 2] << 16)
  }
}

/** pglz (pg_lzcompress.c): a control byte for eight items. */
export function compressPglz(plain: Uint8Array): Uint8Array {
  const out: number[] = []
  const matches = new Matches(plain, 4095, 273)
  let at = 0
  while (at < plain.length) {
    const control = out.push(0) - 1
    for (let item = 0; item < 8 && at < plain.length; item++) {
      const [size, back] = matches.find(at)
      const step = size < 3 ? 1 : size
      if (size < 3) out.push(plain[at])
      else {
        out[control] |= 1 << item
        out.push(((back >>> 4) & 0xf0) | Math.min(size - 3, 15), back & 0xff)
        if (size >= 18) out.push(size - 18)
      }
      matches.pass(at, at + step)
      at += step
    }
  }
  return Uint8Array.from(out)
}

/** An LZ4 block: a match of at least four bytes wherever there is one, the last five bytes literal. */
export function compressLz4(plain: Uint8Array): Uint8Array {
  const out: number[] = []
  const matches = new Matches(plain, 65535, Infinity, plain.length - 5)
  const more = (n: number): void => {
    for (; n >= 255; n -= 255) out.push(255)
    out.push(n)
  }
  let [at, literalsFrom] = [0, 0]
  const sequence = (size: number, back: number): void => {
    const literals = at - literalsFrom
    out.push((Math.min(literals, 15) << 4) | (size === 0 ? 0 : Math.min(size - 4, 15)))
    if (literals >= 15) more(literals - 15)
    for (let i = literalsFrom; i < at; i++) out.push(plain[i])
    if (size === 0) return
    out.push(back & 0xff, back >>> 8)
    if (size - 4 >= 15) more(size - 4 - 15)
  }
  while (at < plain.length - 5) {
    const [size, back] = matches.find(at)
    if (size >= 4) sequence(size, back)
    const step = size >= 4 ? size : 1
    matches.pass(at, at + step)
    at += step
    if (size >= 4) literalsFrom = at
  }
  at = plain.length
  sequence(0, 0)
  return Uint8Array.from(out)
}

/** A zstd frame of one segment without entropy coding: blocks of bytes as they are, and of one byte many times. */
export function storeZstd(plain: Uint8Array): Uint8Array {
  const out = [0x28, 0xb5, 0x2f, 0xfd]
  if (plain.length < 256) out.push(0x20, plain.length)
  else out.push(0x60, (plain.length - 256) & 0xff, (plain.length - 256) >>> 8)
  const block = (type: number, size: number, last: boolean, bytes: Uint8Array): void => {
    const header = (size << 3) | (type << 1) | (last ? 1 : 0)
    out.push(header & 0xff, (header >>> 8) & 0xff, header >>> 16, ...bytes)
  }
  let at = 0
  do {
    let run = 1
    while (at + run < plain.length && plain[at + run] === plain[at]) run++
    if (run >= 8) {
      block(1, run, at + run === plain.length, plain.subarray(at, at + 1))
      at += run
      continue
    }
    let end = at
    while (end < plain.length && !isRun(plain, end)) end++
    block(0, end - at, end === plain.length, plain.subarray(at, end))
    at = end
  } while (at < plain.length)
  return Uint8Array.from(out)
}

function isRun(bytes: Uint8Array, at: number): boolean {
  for (let n = 1; n < 8; n++) if (at + n >= bytes.length || bytes[at + n] !== bytes[at]) return false
  return true
}
