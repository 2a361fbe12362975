'use strict'

/**
 * Types that nobody asked for.
 *
 * TypeScript reads every package in node_modules/@types, and here lie those of the website and of the tests. A cell
 * starts with the types of Node and no others; what it imports has its own.
 */
function keepToNode(options) {
  return { ...options, types: ['node'] }
}

/** Must run before tslab loads its converter: TypeScript's exports cannot be changed, only replaced. */
function repair(tslab) {
  const file = tslab.resolve('@tslab/typescript-for-tslab')
  const typescript = tslab(file)
  const createWatchCompilerHost = (roots, options, ...rest) =>
    typescript.createWatchCompilerHost(roots, keepToNode(options), ...rest)
  tslab.cache[file].exports = { ...typescript, createWatchCompilerHost }
}

module.exports = { repair }
