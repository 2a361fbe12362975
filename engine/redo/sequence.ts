// Resource manager 15, Sequence (commands/sequence.c, seq_redo). One operation: here is the row. The page is made
// anew from it every time.
//
// nextval logs 32 values ahead and then hands them out without a record: after a crash a sequence goes on from the
// logged value, and the numbers in between are gone.

import { addItem, initPage, pdSpecial } from '../format/page.js'
import { SEQ_MAGIC, sequence_magic, xl_seq_rec } from '../format/sequencePage.js'
import { initBlockForRedo, stamp } from './block.js'
import { contradiction, malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const XLOG_SEQ_LOG = 0x00

export const sequence: ResourceManager = {
  id: 15,
  name: 'Sequence',
  identify: namesByInfo({ [XLOG_SEQ_LOG]: 'LOG' }),
  redo(record, context) {
    if (record.info !== XLOG_SEQ_LOG) throw malformed(record, `seq_redo: unknown op code ${record.info}`)
    needMain(record, xl_seq_rec.size + 1)
    const { page } = initBlockForRedo(context, record, 0)
    initPage(page, sequence_magic.size)
    sequence_magic.writeView(page.view, pdSpecial(page), { magic: SEQ_MAGIC })
    const size = record.mainLength - xl_seq_rec.size
    if (!addItem(page, record.bytes, record.mainAt + xl_seq_rec.size, size, 1, false))
      throw contradiction(record, page, 'seq_redo: failed to add item to page')
    stamp(context, record, page)
  },
}
