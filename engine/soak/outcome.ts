/** A recovery as somebody sees it who looks at directory, sentences, errors and findings; and with an assistant's part. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeDisk } from '../disk/nodeDisk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { reference } from '../parts.js'
import type { Assistant } from '../recovery/handedOver.js'
import { Recovery, type RecoverOptions } from '../recovery/recovery.js'
import type { Survey } from '../recovery/survey.js'

/** A digest of each file that is in the directory. */
export function filesOf(dir: string, path = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(join(dir, path), { withFileTypes: true })) {
    const name = join(path, entry.name)
    if (entry.isDirectory()) Object.assign(found, filesOf(dir, name))
    else found[name] = createHash('sha256').update(readFileSync(join(dir, name))).digest('hex') // prettier-ignore
  }
  return found
}

export interface Outcome {
  said: string[]
  error?: string
  known?: Survey
  found?: unknown
  files?: Record<string, string>
}

/** Recovers a directory, or only rehearses it; what came of it. */
export function outcomeOf(dir: string, options: RecoverOptions, rehearse = false): Outcome {
  const node = nodeDisk(dir, { readOnly: rehearse })
  const result: Outcome = { said: [] }
  const disk = rehearse ? overlayDisk(node) : node
  try {
    const recovery = new Recovery(disk, reference, {
      ...options,
      log: (sentence) => result.said.push(sentence),
      beforeChanges: (survey) => (result.known = survey),
    })
    recovery.replayAll()
    const { context, survey } = recovery
    const missing = [...context.missingBlocks.values()]
    result.found = [recovery.abort(), recovery.cleanUp(), recovery.finish(), survey, missing]
  } catch (error) {
    result.error = String(error).replaceAll(dir, 'DIR')
  }
  node.close()
  result.files = filesOf(dir)
  return result
}

/** How many pages were in memory in the end is not compared: an assistant's memory comes on top of ours. */
export function forgetBuffers(...outcomes: Outcome[]): void {
  for (const { said, found } of outcomes) {
    said.forEach((sentence, i) => (said[i] = sentence.replace(/wrote \d+ buffers/, 'wrote buffers')))
    if (found) Object.assign((found as object[])[2], { pagesWritten: 0 })
  }
}

/** What an assistant has replayed himself: records, and relations that came back before the end. */
export interface ShareSeen {
  records: number
  returned: number
}

/** The assistant, watched. */
export function watchShare(assistant: Assistant, seen: ShareSeen): Assistant {
  Object.assign(seen, { records: 0, returned: 0 })
  const records = assistant.records.bind(assistant)
  assistant.records = () => {
    const batch = records()
    seen.records += batch?.left ?? 0
    for (const [, note] of batch?.notes ?? []) if (note.kind === 'returned' && !note.last) seen.returned++
    return batch
  }
  return assistant
}
