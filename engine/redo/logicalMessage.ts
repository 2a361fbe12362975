// Resource manager 21, LogicalMessage: text for whoever decodes the log; no page changes (replication/logical/message.c).

import { malformed } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const logicalMessage: ResourceManager = {
  id: 21,
  name: 'LogicalMessage',
  identify: namesByInfo({ 0x00: 'MESSAGE' }),
  redo(record) {
    if (record.info !== 0) throw malformed(record, `logicalmsg_redo: unknown op code ${record.info}`)
  },
}
