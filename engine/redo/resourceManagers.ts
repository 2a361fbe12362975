// The one table that says who redoes what (access/rmgrlist.h). A manager's place is its id, and never changes.

import { brin } from './brin.js'
import { btree } from './btree.js'
import { clog } from './clog.js'
import { commitTs } from './commitTs.js'
import { database } from './database.js'
import { generic } from './generic.js'
import { gin } from './gin.js'
import { gist } from './gist.js'
import { hash } from './hash.js'
import { heap } from './heap.js'
import { heap2 } from './heap2.js'
import { logicalMessage } from './logicalMessage.js'
import { multixact } from './multixact.js'
import { relmap } from './relmap.js'
import { replicationOrigin } from './replicationOrigin.js'
import type { ResourceManager } from './resourceManager.js'
import { sequence } from './sequence.js'
import { spgist } from './spgist.js'
import { standby } from './standby.js'
import { storage } from './storage.js'
import { tablespace } from './tablespace.js'
import { transaction } from './transaction.js'
import { xlog } from './xlog.js'

export const resourceManagers: readonly ResourceManager[] = [
  xlog, //               0
  transaction, //        1
  storage, //            2
  clog, //               3
  database, //           4
  tablespace, //         5
  multixact, //          6
  relmap, //             7
  standby, //            8
  heap2, //              9
  heap, //              10
  btree, //             11
  hash, //              12
  gin, //               13
  gist, //              14
  sequence, //          15
  spgist, //            16
  brin, //              17
  commitTs, //           18
  replicationOrigin, //  19
  generic, //           20
  logicalMessage, //     21
]
