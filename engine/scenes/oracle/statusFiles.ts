/** The status tables, byte for byte: who committed, when, and which transactions share a row. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BLCKSZ } from '../../format/controlFile.js'

const TABLES = ['pg_xact', 'pg_multixact/offsets', 'pg_multixact/members', 'pg_commit_ts']

/** A sentence for the first byte that differs in each page; files of one side alone are another check's. */
export function compareStatusFiles(theirs: string, ours: string): string[] {
  return TABLES.flatMap((table) => {
    const names = existsSync(join(theirs, table)) ? readdirSync(join(theirs, table)).sort() : []
    return names
      .map((name) => `${table}/${name}`)
      .filter((file) => existsSync(join(ours, file)))
      .flatMap((file) => compareFile(file, readFileSync(join(theirs, file)), readFileSync(join(ours, file))))
  })
}

function compareFile(file: string, a: Buffer, b: Buffer): string[] {
  const wrong: string[] = []
  if (a.length !== b.length) wrong.push(`${file}: ${a.length} bytes and ${b.length}`)
  for (let at = 0; at < Math.min(a.length, b.length); at += BLCKSZ) {
    const [left, right] = [a, b].map((bytes) => bytes.subarray(at, at + BLCKSZ))
    if (left.equals(right)) continue
    const offset = left.findIndex((byte, i) => byte !== right[i])
    wrong.push(`${file} page ${at / BLCKSZ}, byte ${offset}: ${left[offset]} and ${right[offset]}`)
  }
  return wrong
}
