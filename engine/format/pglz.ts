// pglz, PostgreSQL's own compression (common/pg_lzcompress.c). A control byte announces eight items, lowest bit first:
// 0 a literal byte, 1 a copy of 3 or more bytes from up to 4095 bytes back in the output.
//
//   copy tag   oooo llll  oooooooo  [llllllll]    offset 12 bits, length 4 bits + 3; 18 means one more length byte

/** Decompresses to exactly `length` bytes, using up the whole source; undefined when the data is damaged. */
export function decompressPglz(source: Uint8Array, length: number): Uint8Array | undefined {
  const target = new Uint8Array(length)
  let from = 0
  let to = 0
  while (from < source.length && to < length) {
    let control = source[from++]
    for (let item = 0; item < 8 && from < source.length && to < length; item++, control >>= 1) {
      if ((control & 1) === 0) {
        target[to++] = source[from++]
        continue
      }
      if (from + 2 > source.length) return undefined
      let size = (source[from] & 0x0f) + 3
      const back = ((source[from] & 0xf0) << 4) | source[from + 1]
      from += 2
      if (size === 18) {
        if (from >= source.length) return undefined
        size += source[from++]
      }
      if (back === 0 || back > to) return undefined
      const end = Math.min(to + size, length)
      for (; to < end; to++) target[to] = target[to - back]
    }
  }
  return from === source.length && to === length ? target : undefined
}
