'use strict'

/**
 * What went wrong in a cell, in the three fields that Jupyter has for it: ename, evalue, traceback.
 *
 * tslab prints instead: a type error as a format with four values, anything thrown as the value itself.
 */

const util = require('node:util')

const DIAGNOSTIC = '%s%d:%d - %s'

/**
 * Lines that say nothing about the cell: frames of the kernel and of Node, and the cell's outermost frames.
 * A cell has no file, and its lines are counted in the JavaScript that it was compiled to, so its positions
 * would mislead. Node's excerpt of the failing line stays.
 */
const MACHINERY = [
  /^\s+at .*(\bnode:|[\\/]tslab[\\/]dist[\\/]|[\\/]\.jupyter[\\/]repairs[\\/])/,
  /^\s+at (async )?evalmachine\.<anonymous>[:\d]*$/,
  /^evalmachine\.<anonymous>[:\d]*$/,
]
const POSITION = /evalmachine\.<anonymous>[:\d]*/g

function readable(text) {
  const lines = text.split('\n').filter((line) => !MACHINERY.some((pattern) => pattern.test(line)))
  return lines.map((line) => line.replace(POSITION, 'cell'))
}

/** `2:5 - Type 'number' is not assignable to type 'string'.`, then the line, and a mark below the place. */
function showDiagnostic([, file, line, column, text], lines) {
  const source = file === '' ? lines[line - 1] : undefined
  const title = `${file}${line}:${column} - ${text}`
  if (source === undefined) return [title]
  const indent = source.slice(0, column - 1).replace(/[^\t]/g, ' ')
  return [title, `    ${source}`, `    ${indent}^`]
}

function typeErrors(diagnostics, code) {
  const lines = code.split('\n')
  const traceback = diagnostics.flatMap((diagnostic) => showDiagnostic(diagnostic, lines))
  return { ename: 'TypeScriptError', evalue: traceback[0], traceback }
}

function thrown(value, note) {
  const isError = value instanceof Error
  const text = util.inspect(value)
  return {
    ename: isError ? String(value.name) : 'Thrown',
    evalue: isError ? String(value.message) : text,
    traceback: [...(note === undefined ? [] : [note]), ...readable(text)],
  }
}

/**
 * @param reports what tslab's executor printed as errors, one list of arguments for each call; or a value
 *   thrown where nobody caught it, with a sentence that says so
 * @param code the cell
 * @returns all type errors, or all values thrown; ename and evalue are those of the first
 */
function describeFailure(reports, code) {
  const diagnostics = reports.filter(([format]) => format === DIAGNOSTIC)
  if (diagnostics.length > 0) return typeErrors(diagnostics, code)
  try {
    const failures = reports.map(([value, note]) => thrown(value, note))
    return { ...failures[0], traceback: failures.flatMap(({ traceback }) => traceback) }
  } catch {
    const evalue = 'The cell threw a value that cannot be shown.'
    return { ename: 'Thrown', evalue, traceback: [evalue] }
  }
}

module.exports = { describeFailure }
