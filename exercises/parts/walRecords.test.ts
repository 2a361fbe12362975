import fc from 'fast-check'
import { expect, test } from 'vitest'
import { blockRefsOf } from './readBlockRefs.js'
import { image, plainBlock, recordFrom } from './walRecords.js'

test('records for exercises say what was asked for, in the words of the decoder', () => {
  const spec = fc.record({
    block: plainBlock,
    image: fc.option(image, { nil: undefined }),
    second: fc.nat({ max: 40 }),
    main: fc.constantFrom(0, 1, 255, 256, 300),
  })
  fc.assert(
    fc.property(spec, ({ block, image, second, main }) => {
      fc.pre(block.data > 0 || main > 0 || image !== undefined)
      const blocks = [
        { ...block, ...(image ? { image } : {}) },
        { ...block, id: 3, fork: 2, block: second, willInit: false, data: 0, relation: undefined },
      ]
      const [spcOid, dbOid, relNumber] = block.relation ?? []
      const own = { spcOid, dbOid, relNumber }
      expect(blockRefsOf(recordFrom({ blocks, main, origin: 7, toplevelXid: 761 }))).toEqual([
        {
          ...own,
          ...{ id: 0, fork: 0, block: block.block, willInit: block.willInit },
          imageLength: image?.length ?? 0,
          dataLength: block.data,
        },
        { ...own, id: 3, fork: 2, block: second, willInit: false, imageLength: 0, dataLength: 0 },
      ])
    }),
  )
})
