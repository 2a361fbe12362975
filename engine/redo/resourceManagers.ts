// The one table that says who redoes what (access/rmgrlist.h). Ids are PostgreSQL's and never change.

import type { ResourceManager } from './resourceManager.js'

export const resourceManagers: readonly ResourceManager[] = [
]
