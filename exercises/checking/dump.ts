// Bytes in a counterexample: sixteen a line, counted in decimal as the headers' offsets are.

/** The bytes from `from` on, at most `lines` lines of them; "…" where there are more. */
export function dump(bytes: Uint8Array, from = 0, lines = 6): string {
  const shown: string[] = []
  for (let at = from; at < bytes.length && shown.length < lines; at += 16)
    shown.push(`${String(at).padStart(4)}  ${hexBytes(bytes.subarray(at, at + 16))}`)
  if (bytes.length > from + 16 * lines) shown.push('      …')
  return shown.join('\n')
}

/** "22 00 00 00". */
export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
