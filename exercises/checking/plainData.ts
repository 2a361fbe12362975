// Plain data: what may pass between a part and whoever judges it. Numbers, bigints, booleans, strings, bytes, arrays
// and plain objects, in one canonical text. A value is read once, here; whatever it might say of itself later
// (valueOf, getters, proxies) no longer matters.
//
//   { segment: 1n, offset: 10662856 }  ◄──►  {"offset":10662856,"segment":{"$n":"1"}}
//
// Bytes come back as a view into a larger buffer, as the engine hands out records: byteOffset is not 0.

export type Plain =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [key: string]: Plain }

/** A value that is no plain data; `what` names it: "a Promise", "a Set". */
export class NotPlain extends Error {
  readonly what: string
  constructor(what: string) {
    super(`${what} is no plain data`)
    this.name = 'NotPlain'
    this.what = what
  }
}

const MAX_DEPTH = 12
const MAX_VALUES = 100_000
const MAX_BYTES = 1 << 20
const BYTES_AT = 16
const FILLER = 0xa5

/** The canonical text of a value. Equal data, equal text. Throws NotPlain. */
export function encode(value: unknown): string {
  let values = 0
  const part = (item: unknown, depth: number): unknown => {
    if (++values > MAX_VALUES || depth > MAX_DEPTH) throw new NotPlain('a value too large or too deep')
    switch (typeof item) {
      case 'boolean':
        return item
      case 'string':
        if (item.length > MAX_BYTES) throw new NotPlain('a very long string')
        return item
      case 'number':
        return Number.isFinite(item) ? item : { $f: String(item) }
      case 'bigint':
        return { $n: item.toString() }
      case 'undefined':
        return { $u: 1 }
      case 'object':
        return item === null ? null : compound(item, depth)
      default:
        throw new NotPlain(`a ${typeof item}`)
    }
  }
  const compound = (item: object, depth: number): unknown => {
    if (Array.isArray(item)) return Array.from(item as unknown[], (element) => part(element, depth + 1))
    if (isBytes(item)) return { $b: hexOf(item) }
    if (!isPlainObject(item)) throw new NotPlain(nameOf(item))
    const fields: [string, unknown][] = []
    for (const key of Object.keys(item).sort()) {
      if (key.startsWith('$')) throw new NotPlain(`an object with a field "${key}"`)
      fields.push([key, part((item as Record<string, unknown>)[key], depth + 1)])
    }
    return Object.fromEntries(fields)
  }
  return JSON.stringify(part(value, 0))
}

/** The value of a text that {@link encode} made. Throws SyntaxError for any other. */
export function decode(text: string): Plain {
  const part = (item: unknown, depth: number): Plain => {
    if (depth > MAX_DEPTH) throw new SyntaxError('too deep')
    if (Array.isArray(item)) return item.map((element) => part(element, depth + 1))
    if (typeof item !== 'object' || item === null) return item as null | boolean | number | string
    const [[key, inner] = ['', undefined], ...more] = Object.entries(item)
    if (key.startsWith('$') && more.length === 0) return tagged(key, inner)
    return Object.fromEntries(Object.entries(item).map(([name, field]) => [name, part(field, depth + 1)]))
  }
  return part(JSON.parse(text), 0)
}

/** A value as plain data, read once. Throws NotPlain. */
export function plain(value: unknown): Plain {
  return decode(encode(value))
}

function tagged(tag: string, inner: unknown): Plain {
  if (tag === '$u') return undefined
  if (typeof inner !== 'string') throw new SyntaxError('a tag without text')
  if (tag === '$n' && /^-?\d{1,400}$/.test(inner)) return BigInt(inner)
  if (tag === '$f' && /^(?:NaN|-?Infinity)$/.test(inner)) return Number(inner)
  if (tag === '$b' && /^(?:[0-9a-f]{2})*$/.test(inner) && inner.length <= 2 * MAX_BYTES) return bytesOf(inner)
  throw new SyntaxError(`unknown tag ${tag}`)
}

function isBytes(item: object): item is Uint8Array {
  return ArrayBuffer.isView(item) && Object.prototype.toString.call(item) === '[object Uint8Array]'
}

/** An object literal, of this realm or another, or one without prototype. */
function isPlainObject(item: object): boolean {
  const prototype = Object.getPrototypeOf(item) as object | null
  if (prototype === null) return true
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'hasOwnProperty')
}

function nameOf(item: object): string {
  const tag = Object.prototype.toString.call(item).slice(8, -1)
  if (tag === 'Object') return 'an object of a class'
  return /^[AEIO]/.test(tag) ? `an ${tag}` : `a ${tag}`
}

// A page has 16384 digits and is asked about hundreds of times, so no byte takes a detour over a string of its own. Where
// Node's Buffer is at hand it knows a faster way; browsers have none.
interface NodeBuffer {
  from(bytes: ArrayBufferLike, offset: number, length: number): NodeBytes
}
interface NodeBytes {
  toString(encoding: 'hex'): string
  write(text: string, encoding: 'hex'): number
}
const node = (globalThis as { Buffer?: NodeBuffer }).Buffer
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
const ascii = new TextDecoder()

function hexOf(bytes: Uint8Array): string {
  if (node) return node.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
  const text = new Uint8Array(2 * bytes.length)
  for (let i = 0; i < bytes.length; i++) {
    text[2 * i] = DIGITS[bytes[i] >> 4]
    text[2 * i + 1] = DIGITS[bytes[i] & 15]
  }
  return ascii.decode(text)
}

/** Bytes written as hexadecimal digits, as a view that does not begin at the start of its buffer. */
export function bytesOf(hex: string): Uint8Array {
  const length = hex.length / 2
  const bytes = new Uint8Array(length + 2 * BYTES_AT).fill(FILLER).subarray(BYTES_AT, BYTES_AT + length)
  if (node) {
    node.from(bytes.buffer, BYTES_AT, length).write(hex, 'hex')
    return bytes
  }
  for (let i = 0; i < length; i++)
    bytes[i] = (valueOfDigit(hex.charCodeAt(2 * i)) << 4) | valueOfDigit(hex.charCodeAt(2 * i + 1))
  return bytes
}

/** Of 0 to 9 and a to f. */
const valueOfDigit = (code: number): number => (code < 58 ? code - 48 : code - 87)
