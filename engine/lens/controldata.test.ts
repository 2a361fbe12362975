import { afterAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { ControlFile, readControlFile } from '../format/controlFile.js'
import { controldataLines, controlToJson } from './controldata.js'
import { goldenData } from './testing/golden.js'

const golden = goldenData()
if (golden) {
  afterAll(() => golden.remove())
  test('the report on a native server’s control file is that of pg_controldata 18.3', () => {
    const disk = nodeDisk(golden.directory, { readOnly: true })
    const lines = controldataLines(readControlFile(disk))
    disk.close()
    expect(lines.map((line) => line + '\n').join('')).toBe(golden.text('pg_controldata.txt'))
  })
}

/** Every byte tells where it stands, so that no two fields look the same. */
function patterned(): ControlFile {
  const raw = Uint8Array.from({ length: ControlFile.size }, (_, i) => (i * 7) % 251)
  const control = ControlFile.read(raw)
  return { ...control, state: 5, xlog_seg_size: 1 << 24, time: 1_000_000_000n, wal_level: 9, blcksz: 8192 }
}

test('numbers past 2^53, unknown settings and a day below ten', () => {
  const control = patterned()
  const lines = controldataLines({ ...control, system_identifier: 18446744073709551615n })
  expect(lines).toHaveLength(51)
  expect(lines).toContain('Database system identifier:           18446744073709551615')
  expect(lines).toContain('Database cluster state:               in archive recovery')
  expect(lines).toContain('pg_control last modified:             Sun Sep  9 01:46:40 2001')
  expect(lines).toContain('wal_level setting:                    unrecognized "wal_level"')
  expect(controldataLines({ ...control, xlog_seg_size: 0 })).toContain(
    "Latest checkpoint's REDO WAL file:    ???",
  )
})

test('as JSON: fields under their own names, LSNs and 64-bit numbers as text', () => {
  const json = controlToJson({
    ...patterned(),
    system_identifier: 18446744073709551615n,
    checkPoint: 0x5_0000_0028n,
  })
  expect(json).toMatchObject({
    system_identifier: '18446744073709551615',
    state: 5,
    state_name: 'in archive recovery',
    time: '2001-09-09T01:46:40.000Z',
    checkPoint: '5/28',
    blcksz: 8192,
  })
  expect(Object.keys(json)).toEqual(expect.arrayContaining(ControlFile.fields.map(({ name }) => name)))
  expect(() => JSON.stringify(json)).not.toThrow()
})
