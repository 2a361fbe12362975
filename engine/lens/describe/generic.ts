// Describes records of resource manager Generic, of extensions such as bloom (genericdesc.c, generic_desc). What
// changed is in the block data, so the main data, which this describes, is empty in every record of 18.

export function describeGeneric(main: DataView): string {
  const parts: string[] = []
  for (let at = 0; at < main.byteLength;) {
    const [offset, length] = [main.getUint16(at, true), main.getUint16(at + 2, true)]
    parts.push(`offset ${offset}, length ${length}`)
    at += 4 + length
  }
  return parts.join('; ')
}
