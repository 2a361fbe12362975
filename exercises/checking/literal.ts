// Plain data as TypeScript writes it, short enough to read.

import { encode, NotPlain, type Plain } from './plainData.js'

const LONGEST = 400

/** A value as source text: 42n, 'base/5/16384', [1, 2], Uint8Array.from([…]); cut after `longest` characters. */
export function literal(value: unknown, longest = LONGEST): string {
  try {
    encode(value) // plain data, or nothing
    const text = write(value as Plain)
    return text.length > longest ? `${text.slice(0, longest)} …` : text
  } catch (error) {
    if (error instanceof NotPlain) return error.what
    throw error
  }
}

function write(value: Plain): string {
  if (typeof value === 'bigint')
    return value > 0xffffn ? `0x${value.toString(16).toUpperCase()}n` : `${value}n`
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`
  if (value instanceof Uint8Array) return `Uint8Array.from([${[...value].join(', ')}])`
  if (Array.isArray(value)) return `[${value.map(write).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  const fields = Object.entries(value).map(([key, field]) => `${keyOf(key)}: ${write(field)}`)
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`
}

/** A key as it may stand in an object literal: t_xmin, 769, 'pg_xact/0000'. */
function keyOf(key: string): string {
  return /^(?:[A-Za-z_]\w*|0|[1-9]\d*)$/.test(key) ? key : write(key)
}
