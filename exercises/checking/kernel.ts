// Where a result is shown: as HTML in the TypeScript kernel of Jupyter, as text anywhere else. One output each time.

import { createRequire } from 'node:module'

interface Tslab {
  display: { html(html: string): void }
}

/** tslab, when this process is its kernel. */
function kernel(): Tslab | undefined {
  const [, program = '', command] = process.argv
  if (command !== 'kernel' || !/[\\/]tslab[\\/]bin[\\/]tslab$/.test(program)) return undefined
  return createRequire(import.meta.url)('tslab') as Tslab
}

/** Shows one result. */
export function show(result: { text: string; html: string }): void {
  const tslab = kernel()
  if (tslab) tslab.display.html(result.html)
  else console.log(result.text)
}
