'use strict'

/**
 * tslab 1.0.22, with its silent failures repaired.
 *
 * The kernel is stock tslab. Node loads this file before it (see kernels/tslab/kernel.json), and the files
 * beside it replace the few functions that let a cell fail without a word:
 *
 *   stock tslab                                         here
 *   ─────────────────────────────────────────────────   ──────────────────────────────────────  ────────────
 *   skips every request within 200 ms after an error    skips what was sent before the error    cells.cjs
 *   an error is text on stderr, without a name          ename, evalue, traceback                failure.cjs
 *   a rejection that nobody awaits is lost              fails the cell                          cells.cjs
 *   output is lost after some 500 calls of console.log  arrives                                 sending.cjs
 *   an import of a file that appears later wedges it    is resolved anew                        watchTimer.cjs
 *   types of every package in @types, before cell 1     Node's                                  types.cjs
 *
 * It leans on the inside of tslab, so it takes exactly the version it was tested with, and no other.
 */

const { readFileSync } = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

const TSLAB = '1.0.22'

// Worker threads and forked processes inherit --require. They run another program than the kernel.
const [, program = '', command] = process.argv
const isKernel = command === 'kernel' && /[\\/]tslab[\\/]bin[\\/]tslab$/.test(program)

if (isKernel) {
  const manifest = path.join(path.dirname(program), '..', 'package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
  if (version !== TSLAB) {
    process.stderr.write(
      `The TypeScript kernel needs tslab ${TSLAB} and found ${version}. Install the pinned one: npm ci\n`,
    )
    process.exit(1)
  }
  const tslab = createRequire(manifest)
  require('./repairs/types.cjs').repair(tslab)
  require('./repairs/watchTimer.cjs').repair(tslab)
  require('./repairs/cells.cjs').repair(tslab)
}
