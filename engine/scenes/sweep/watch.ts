/** Lets PostgreSQL do pieces of work in a process of its own, every write of it watched. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Trace, Workload } from './trace.js'

/** A trace for each workload. Takes some seconds, most of them initdb. */
export async function watchPostgres(workloads: readonly Workload[]): Promise<Trace[]> {
  const built = import.meta.url.endsWith('.js')
  const script = fileURLToPath(new URL(built ? './watchedChild.js' : './watchedChild.ts', import.meta.url))
  const tsx = built ? [] : ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
  const child = fork(script, [], {
    execArgv: tsx,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const traces: Trace[] = []
  let failure = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (failure += text))
  child.on('message', (message: Trace | { error: string }) => {
    if ('error' in message) failure = message.error
    else traces.push(message)
  })
  try {
    child.send(workloads)
    await once(child, 'exit')
  } finally {
    child.kill('SIGKILL')
  }
  if (traces.length < workloads.length) throw new Error(`PostgreSQL was not watched to the end: ${failure}`)
  return traces
}
