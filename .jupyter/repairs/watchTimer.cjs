'use strict'

/**
 * The wedge: a file that was imported before it existed.
 *
 * tslab gives TypeScript's watcher one timer, meant for "build the program again", and throws when a second
 * one is asked for. TypeScript asks for a second one when a file appears that an import failed to find: it
 * wants to resolve that import anew. From then on every cell fails with "Unexpected pending rebuildTimer",
 * until the kernel is restarted. Here the second timer is a real one.
 *
 * TypeScript 5.0.4: createWatchProgram, scheduleInvalidateResolutionsOfFailedLookupLocations.
 */
function separateTimers(host) {
  const { setTimeout: setRebuildTimer, clearTimeout: clearRebuildTimer } = host
  const resolving = new WeakSet()

  host.setTimeout = (callback, ...rest) => {
    if (callback.name !== 'invalidateResolutionsOfFailedLookup') return setRebuildTimer(callback, ...rest)
    const timer = setImmediate(callback)
    resolving.add(timer)
    return timer
  }
  host.clearTimeout = (timer) => (resolving.has(timer) ? clearImmediate(timer) : clearRebuildTimer(timer))
  return host
}

/** Must run before tslab loads its converter: TypeScript's exports cannot be changed, only replaced. */
function repair(tslab) {
  const file = tslab.resolve('@tslab/typescript-for-tslab')
  const typescript = tslab(file)
  const createWatchProgram = (host) => typescript.createWatchProgram(separateTimers(host))
  tslab.cache[file].exports = { ...typescript, createWatchProgram }
}

module.exports = { repair }
