// A struct of PostgreSQL is declared once, a field per line with its offset in sight; reading, writing,
// size and offsets come from that declaration. All numbers on disk are little-endian.
//
//   const XLogRecord = struct('XLogRecord', 24, {
//     xl_tot_len: u32(0),          <- offset 0, four bytes
//     xl_prev:    u64(8),
//   })
//   XLogRecord.read(page, 40)      -> { xl_tot_len: 114, xl_prev: 24118888n }
//   XLogRecord.at.xl_prev          -> 8

/** How one field of a struct is read and written; `offset` is in bytes from the struct's start. */
export interface Field<T> {
  readonly offset: number
  readonly size: number
  readonly read: (view: DataView, at: number) => T
  readonly write: (view: DataView, at: number, value: T) => void
}

export const u8 = (offset: number): Field<number> => ({
  offset,
  size: 1,
  read: (view, at) => view.getUint8(at + offset),
  write: (view, at, value) => view.setUint8(at + offset, value),
})

export const u16 = (offset: number): Field<number> => ({
  offset,
  size: 2,
  read: (view, at) => view.getUint16(at + offset, true),
  write: (view, at, value) => view.setUint16(at + offset, value, true),
})

export const u32 = (offset: number): Field<number> => ({
  offset,
  size: 4,
  read: (view, at) => view.getUint32(at + offset, true),
  write: (view, at, value) => view.setUint32(at + offset, value, true),
})

export const i32 = (offset: number): Field<number> => ({
  offset,
  size: 4,
  read: (view, at) => view.getInt32(at + offset, true),
  write: (view, at, value) => view.setInt32(at + offset, value, true),
})

export const u64 = (offset: number): Field<bigint> => ({
  offset,
  size: 8,
  read: (view, at) => view.getBigUint64(at + offset, true),
  write: (view, at, value) => view.setBigUint64(at + offset, value, true),
})

export const i64 = (offset: number): Field<bigint> => ({
  offset,
  size: 8,
  read: (view, at) => view.getBigInt64(at + offset, true),
  write: (view, at, value) => view.setBigInt64(at + offset, value, true),
})

export const f64 = (offset: number): Field<number> => ({
  offset,
  size: 8,
  read: (view, at) => view.getFloat64(at + offset, true),
  write: (view, at, value) => view.setFloat64(at + offset, value, true),
})

/** One byte, 0 or 1. */
export const bool = (offset: number): Field<boolean> => ({
  offset,
  size: 1,
  read: (view, at) => view.getUint8(at + offset) !== 0,
  write: (view, at, value) => view.setUint8(at + offset, value ? 1 : 0),
})

/** A run of bytes, copied when read. */
export const bytes = (offset: number, size: number): Field<Uint8Array> => ({
  offset,
  size,
  read: (view, at) => new Uint8Array(view.buffer, view.byteOffset + at + offset, size).slice(),
  write: (view, at, value) => new Uint8Array(view.buffer, view.byteOffset + at + offset, size).set(value),
})

/** A struct inside a struct. */
export const nested = <V>(offset: number, inner: Struct<V>): Field<V> => ({
  offset,
  size: inner.size,
  read: (view, at) => inner.readView(view, at + offset),
  write: (view, at, value) => inner.writeView(view, at + offset, value),
})

/** A declared struct whose value has the type `V`. */
export interface Struct<V> {
  readonly name: string
  /** Bytes the struct takes, trailing padding included. */
  readonly size: number
  /** Byte offset of each field. */
  readonly at: { readonly [K in keyof V]: number }
  /** Fields in the order of declaration: name, offset and size in bytes. */
  readonly fields: ReadonlyArray<{ name: string; offset: number; size: number }>
  read(source: Uint8Array, at?: number): V
  write(target: Uint8Array, at: number, value: V): void
  readView(view: DataView, at: number): V
  writeView(view: DataView, at: number, value: V): void
}

/** The value type of a declared struct. */
export type ValueOf<S> = S extends Struct<infer V> ? V : never

/** Declares a struct: its name in PostgreSQL's source, its size in bytes, its fields with their offsets. */
export function struct<V>(name: string, size: number, fields: { [K in keyof V]: Field<V[K]> }): Struct<V> {
  const entries = Object.entries(fields) as Array<[keyof V, Field<unknown>]>
  for (const [field, f] of entries)
    if (f.offset + f.size > size)
      throw new Error(`${name}.${String(field)} ends past the struct's ${size} bytes`)
  const readView = (view: DataView, at: number): V => {
    const value = {} as V
    for (const [field, f] of entries) value[field] = f.read(view, at) as V[keyof V]
    return value
  }
  const writeView = (view: DataView, at: number, value: V): void => {
    for (const [field, f] of entries) f.write(view, at, value[field])
  }
  return {
    name,
    size,
    at: Object.fromEntries(entries.map(([field, f]) => [field, f.offset])) as { [K in keyof V]: number },
    fields: entries.map(([field, f]) => ({ name: String(field), offset: f.offset, size: f.size })),
    readView,
    writeView,
    read: (source, at = 0) => readView(viewOf(source), at),
    write: (target, at, value) => writeView(viewOf(target), at, value),
  }
}

/** A DataView over the same memory as `bytes`. */
export function viewOf(source: Uint8Array): DataView {
  return new DataView(source.buffer, source.byteOffset, source.byteLength)
}
