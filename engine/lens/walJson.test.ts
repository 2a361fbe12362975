import { expect, test } from 'vitest'
import { concat, le16, walRecord } from '../redo/testing/records.js'
import { recordToJson } from './walJson.js'

test('a record under the column names of pg_walinspect', () => {
  const page = new Uint8Array(8192).fill(1)
  page.set([24, 0, 0, 32], 12) // pd_lower 24, pd_upper 8192: the rest is a hole
  const record = walRecord({
    rmid: 10,
    info: 0x80,
    xid: 754,
    toplevelXid: 750,
    lsn: 0x28_0000_0028n,
    xl_prev: 0x27_ffff_fff0n,
    blocks: [
      { block: 3, willInit: true, data: Uint8Array.of(1, 2, 3, 4, 5) },
      { block: 0, fork: 3, image: page },
    ],
    main: concat(le16(1), Uint8Array.of(0)),
  })
  expect(recordToJson(record)).toEqual({
    start_lsn: '28/28',
    end_lsn: '28/88',
    prev_lsn: '27/FFFFFFF0',
    xid: 754,
    resource_manager: 'Heap',
    record_type: 'INSERT+INIT',
    record_length: 24 + 20 + 13 + 5 + 2 + (5 + 24 + 3), // headers, then payloads
    main_data_length: 3,
    fpi_length: 24,
    description: 'off: 1, flags: 0x00',
    toplevel_xid: 750,
    blocks: [
      {
        block_id: 0,
        reltablespace: 1663,
        reldatabase: 5,
        relfilenode: 16384,
        relforkname: 'main',
        relblocknumber: 3,
        will_init: true,
        block_data_length: 5,
      },
      {
        block_id: 1,
        reltablespace: 1663,
        reldatabase: 5,
        relfilenode: 16384,
        relforkname: 'init',
        relblocknumber: 0,
        will_init: false,
        block_data_length: 0,
        image: { length: 24, hole_offset: 24, hole_length: 8168, compression: 'none', apply: true },
      },
    ],
  })
})
