// 01-wal: the block references of a record.

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import {
  refReading,
  refsNote,
  type BlockRefFields,
  type RefsInput,
} from '../../exercises/parts/readBlockRefs.js'
import {
  image,
  plainBlock,
  recordFrom,
  relation,
  type BlockSpec,
  type RecordSpec,
} from '../../exercises/parts/walRecords.js'
import type { Solution } from '../solution.js'

/** Announcements are read until the bytes they announce are all that is left; what they do not announce comes later. */
export function readBlockRefs(record: Uint8Array): BlockRefFields[] {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  const refs: BlockRefFields[] = []
  let relation: [number, number, number] = [0, 0, 0]
  let at = 24
  let announced = 0
  while (record.length - at > announced && record[at] <= 32) {
    const id = record[at]
    const flags = record[at + 1]
    const dataLength = view.getUint16(at + 2, true)
    at += 4
    let imageLength = 0
    if (flags & 0x10) {
      imageLength = view.getUint16(at, true)
      const info = record[at + 4]
      at += info & 0x1c && info & 0x01 ? 7 : 5 // compressed, and with a hole: the hole's length is stated
    }
    if (!(flags & 0x80)) {
      relation = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true)]
      at += 12
    }
    const [spcOid, dbOid, relNumber] = relation
    const block = view.getUint32(at, true)
    at += 4
    const [fork, willInit] = [flags & 0x0f, (flags & 0x40) !== 0]
    refs.push({ id, fork, spcOid, dbOid, relNumber, block, willInit, imageLength, dataLength })
    announced += imageLength + dataLength
  }
  return refs
}

const records = (spec: fc.Arbitrary<RecordSpec>): fc.Arbitrary<RefsInput> =>
  spec.map((made): RefsInput => [recordFrom(made)])
/** Records are dear to make: enough of them to meet each combination. */
const RUNS = 80
const main = fc.integer({ min: 1, max: 30 })
const withImage = fc.tuple(plainBlock, image).map(([block, own]): BlockSpec => ({ ...block, image: own }))
const compressed = withImage.filter((block) => block.image !== undefined && (block.image.info & 0x1c) !== 0)
const uncompressed = withImage.filter((block) => block.image !== undefined && (block.image.info & 0x1c) === 0)

/** Several references, in ascending order; whoever registers the pages may leave ids out. */
function several(
  block: fc.Arbitrary<BlockSpec>,
  { gaps = 0, sameRelation = false } = {},
): fc.Arbitrary<BlockSpec[]> {
  const own = fc.tuple(block, fc.nat({ max: gaps }), fc.boolean())
  return fc.array(own, { minLength: 2, maxLength: 4 }).map((made) => {
    let next = 0
    return made.map(([spec, gap, same], i) => {
      const id = next + gap
      next = id + 1
      return { ...spec, id, ...(sameRelation && same && i > 0 ? { relation: undefined } : {}) }
    })
  })
}

interface Quirks {
  /** Bytes of an image's header. */
  imageHeader?: (info: number) => number
  /** Is this byte the id of one more block reference? `left`: bytes of the record that nothing has announced. */
  isReference?: (id: number, left: number) => boolean
  /** The relation of a reference that names none, from those before it. */
  sameRelation?: (before: readonly BlockRefFields[]) => Relation
  littleEndian?: boolean
  /** Is there a data length even where the flags speak of no data? */
  lengthAlways?: boolean
  relationFirst?: boolean
}
type Relation = Pick<BlockRefFields, 'spcOid' | 'dbOid' | 'relNumber'>

/** The announcements, read with everything that can go wrong as a setting. */
function reading(
  quirks: Quirks,
  change: (ref: BlockRefFields, flags: number) => BlockRefFields = (ref) => ref,
) {
  const {
    imageHeader = (info) => (info & 0x1c && info & 1 ? 7 : 5),
    isReference = (id, left) => left > 0 && id <= 32,
    sameRelation = (before) => before[before.length - 1],
    littleEndian = true,
    lengthAlways = true,
    relationFirst = true,
  } = quirks
  return (bytes: Uint8Array): BlockRefFields[] => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const refs: BlockRefFields[] = []
    let [at, announced] = [24, 0]
    const u32 = (): number => view.getUint32((at += 4) - 4, littleEndian)
    const u16 = (): number => view.getUint16((at += 2) - 2, littleEndian)
    while (at < bytes.length && isReference(bytes[at], bytes.length - at - announced)) {
      const [id, flags] = [bytes[at++], bytes[at++]]
      const dataLength = lengthAlways || flags & 0x20 ? u16() : 0
      let imageLength = 0
      if (flags & 0x10) {
        const header = imageHeader(bytes[at + 4])
        imageLength = u16()
        at += header - 2
      }
      const ownBlock = relationFirst ? undefined : u32()
      const { spcOid, dbOid, relNumber } =
        flags & 0x80 ? sameRelation(refs) : { spcOid: u32(), dbOid: u32(), relNumber: u32() }
      const block = ownBlock ?? u32()
      const [fork, willInit] = [flags & 0x0f, (flags & 0x40) !== 0]
      refs.push(
        change({ id, fork, spcOid, dbOid, relNumber, block, willInit, imageLength, dataLength }, flags),
      )
      announced += imageLength + dataLength
    }
    return refs
  }
}

export const readBlockRefsSolution: Solution<'readBlockRefs'> = {
  name: 'readBlockRefs',
  solution: readBlockRefs,
  hidden: [
    generated(refReading, {
      rule: 'A page image announces itself with five bytes: its length, where its hole is, how it is stored.',
      why: 'The first change of a page after a checkpoint brings the whole page along.',
      note: refsNote,
      runs: RUNS,
      input: records(fc.record({ blocks: several(uncompressed), main })),
    }),
    generated(refReading, {
      rule: 'A compressed image with a hole announces two bytes more, the length of the hole.',
      why: 'Without compression that length is what is missing to 8192; with it nobody could work it out.',
      note: refsNote,
      runs: RUNS,
      input: records(fc.record({ blocks: several(compressed), main })),
    }),
    generated(refReading, {
      rule: 'With BKPBLOCK_SAME_REL a reference names no file: it is the file of the reference before it.',
      why: 'An index that splits a page changes three pages of one file, and names it once.',
      note: refsNote,
      runs: RUNS,
      input: records(fc.record({ blocks: several(plainBlock, { sameRelation: true }), main })),
    }),
    generated(refReading, {
      rule: 'A record may have no main data: the references end where the announced bytes are all that is left.',
      why: 'XLOG/FPI is such a record: page images and nothing else. Its next byte already belongs to a page.',
      note: refsNote,
      runs: RUNS,
      input: records(fc.record({ blocks: several(withImage), main: fc.constant(0) })),
    }),
    generated(refReading, {
      rule: 'A replication origin (253) and a top-level transaction (252) may follow; they are no references.',
      why: "Every record of a subscriber's apply worker has the first, a subtransaction's first record the second.",
      note: refsNote,
      runs: RUNS,
      input: records(
        fc.record(
          {
            blocks: several(plainBlock),
            main: fc.constantFrom(8, 300),
            origin: fc.integer({ min: 1, max: 9 }),
            toplevelXid: fc.integer({ min: 700, max: 900 }),
          },
          { requiredKeys: ['blocks', 'main'] },
        ),
      ),
    }),
    generated(refReading, {
      rule: 'Forks have their number in the low half of the flags, and ids may leave gaps.',
      why: 'A row that ends "all visible" changes two forks; a new root without children has pages 0 and 2.',
      note: refsNote,
      runs: RUNS,
      input: records(
        fc.record({
          blocks: several(
            fc.tuple(plainBlock, fc.nat({ max: 3 })).map(([block, fork]) => ({ ...block, fork })),
            { gaps: 2 },
          ),
          main,
        }),
      ),
    }),
    generated(refReading, {
      rule: 'OIDs and block numbers use all 32 bits and have no sign.',
      why: 'A table may have 32 TiB, and OIDs start again only at 4,294,967,295.',
      note: refsNote,
      runs: RUNS,
      input: records(
        fc.record({
          blocks: fc
            .tuple(plainBlock, relation, fc.integer({ min: 0x80000000, max: 0xfffffffe }), fc.boolean())
            .map(([block, [spc, db, rel], n, large]): BlockSpec[] => [
              { ...block, block: large ? n : block.block, relation: [spc, db, large ? rel : n] },
            ]),
          main,
        }),
      ),
    }),
  ],
  alsoRight: {
    'with a cursor that moves': reading({}),
    'by slices': (bytes) => {
      let rest = bytes.slice(24)
      let relation: readonly number[] = []
      const refs: BlockRefFields[] = []
      const take = (size: number): number => {
        const taken = rest.slice(0, size).reduceRight((sum, byte) => sum * 256 + byte, 0)
        rest = rest.slice(size)
        return taken
      }
      const payload = (): number => refs.reduce((sum, ref) => sum + ref.imageLength + ref.dataLength, 0)
      while (rest.length > payload() && rest[0] < 33) {
        const [id, flags, dataLength] = [take(1), take(1), take(2)]
        const imageLength = (flags >> 4) % 2 === 1 ? take(2) : 0
        if (imageLength > 0) {
          take(2)
          if (take(1) % 2 === 1 && (bytes[bytes.length - rest.length - 1] & 28) > 0) take(2)
        }
        if (flags < 128) relation = [take(4), take(4), take(4)]
        const [spcOid, dbOid, relNumber] = relation
        const place = { spcOid, dbOid, relNumber, block: take(4) }
        refs.push({ id, fork: flags % 16, ...place, willInit: (flags & 64) > 0, imageLength, dataLength })
      }
      return refs
    },
  },
  wrong: {
    'until the header of the main data': reading({ isReference: (id) => id < 254 }),
    'only 255 ends the references': reading({ isReference: (id, left) => left > 0 && id !== 255 }),
    'whatever looks like an id': reading({ isReference: (id) => id <= 32 }),
    'an image header of five bytes, always': reading({ imageHeader: () => 5 }),
    "the hole's length in every image with a hole": reading({ imageHeader: (info) => (info & 1 ? 7 : 5) }),
    "the hole's length in every compressed image": reading({ imageHeader: (info) => (info & 28 ? 7 : 5) }),
    'the first reference names the file for all': reading({ sameRelation: ([first]) => first }),
    'no file where none is named': reading({
      sameRelation: () => ({ spcOid: 0, dbOid: 0, relNumber: 0 }),
    }),
    'the block before the file': reading({ relationFirst: false }),
    'a data length only where there is data': reading({ lengthAlways: false }),
    'the highest byte first': reading({ littleEndian: false }),
    'flags and fork not told apart': reading({}, (ref, flags) => ({ ...ref, fork: flags })),
    'made anew, by the wrong bit': reading({}, (ref, flags) => ({ ...ref, willInit: (flags & 0x80) !== 0 })),
    'references counted from 0': (bytes) => readBlockRefs(bytes).map((ref, id) => ({ ...ref, id })),
    'the page length for the image length': reading({}, (ref) => ({
      ...ref,
      imageLength: ref.imageLength > 0 ? 8192 : 0,
    })),
    'database before tablespace': reading({}, (ref) => ({ ...ref, spcOid: ref.dbOid, dbOid: ref.spcOid })),
    'signed numbers': reading({}, (ref) => ({ ...ref, relNumber: ref.relNumber | 0, block: ref.block | 0 })),
    'one reference and no more': (bytes) => readBlockRefs(bytes).slice(0, 1),
  },
}
