// Bytes as people read them: offset, sixteen bytes, their ASCII.

/** A hex dump of `bytes`; `base` is the number printed for the first byte. */
export function hexdump(bytes: Uint8Array, base = 0): string {
  const lines: string[] = []
  const width = Math.max(4, (base + bytes.length).toString(16).length)
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const hex = row.map((b) => b.toString(16).padStart(2, '0'))
    const left = hex.slice(0, 8).join(' ').padEnd(23)
    const right = hex.slice(8).join(' ').padEnd(23)
    const text = row.map((b) => (b >= 32 && b < 127 ? String.fromCharCode(b) : '.')).join('')
    lines.push(`${(base + at).toString(16).padStart(width, '0')}  ${left}  ${right}  ${text}`)
  }
  return lines.join('\n')
}
