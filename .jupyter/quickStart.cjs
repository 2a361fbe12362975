'use strict'

/**
 * A kernel that needs less of the processors. What it does is TypeScript's work: in its first seconds thousands of
 * functions are used some times each, and the V8 of Node 20 hurries to make them faster, on other processors where
 * there are any. That takes a third of all the time that a notebook costs. So it compiles everything plainly at once,
 * and waits nine times longer before it optimizes: what runs for long is as fast as ever. Later versions hurry less.
 */

const { setFlagsFromString } = require('node:v8')

if (Number.parseInt(process.versions.v8) < 12) {
  setFlagsFromString('--always-sparkplug')
  setFlagsFromString('--interrupt-budget=600000')
}
