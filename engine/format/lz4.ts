// An LZ4 block without frame, as wal_compression = lz4 stores it. The packages of the field wrap frames or native code;
// a raw block that must also be read in a browser is these few lines.
//
//   token  llll mmmm │ more literal length … │ literals │ offset, 2 bytes │ more match length …

/** Decompresses to exactly `length` bytes; undefined when the data is damaged. */
export function decompressLz4(source: Uint8Array, length: number): Uint8Array | undefined {
  const target = new Uint8Array(length)
  let from = 0
  let to = 0
  const longer = (size: number): number => {
    for (let byte = 255; byte === 255; size += byte) {
      if (from >= source.length) return Infinity
      byte = source[from++]
    }
    return size
  }
  while (from < source.length) {
    const token = source[from++]
    const literals = token >>> 4 === 15 ? longer(15) : token >>> 4
    if (from + literals > source.length || to + literals > length) return undefined
    target.set(source.subarray(from, from + literals), to)
    from += literals
    to += literals
    if (from === source.length) break // the last sequence has literals only
    if (from + 2 > source.length) return undefined
    const back = source[from] | (source[from + 1] << 8)
    from += 2
    const size = ((token & 15) === 15 ? longer(15) : token & 15) + 4
    if (back === 0 || back > to || to + size > length) return undefined
    for (const end = to + size; to < end; to++) target[to] = target[to - back]
  }
  return to === length ? target : undefined
}
