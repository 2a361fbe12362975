'use strict'

/**
 * A cell, from request to reply.
 *
 *   execute_request ─► its turn ─► execute_input ─► stream, display_data … ─► error ─► execute_reply
 *                         │                                                              ▲
 *                         └── sent before an earlier cell failed: not run ── "aborted" ──┘
 */

const { performance } = require('node:perf_hooks')
const { setImmediate: nextTurn } = require('node:timers/promises')

const { describeFailure } = require('./failure.cjs')
const { CellOutput, keepAll, Sender } = require('./sending.cjs')

/** A request sent before a failure may still be on its way for so many milliseconds after it. */
const ON_ITS_WAY_MS = 200
/** A timer or a database that a cell left open keeps the process alive after the shutdown. For so long. */
const SHUTDOWN_MS = 200

const REJECTED = 'A promise was rejected, and no cell awaited it:'
const THROWN = 'Thrown by a timer or an event, where no cell could catch it:'

/** Runs the cells of one kernel, one at a time. */
class Cells {
  #jupyter
  #server
  #reports
  /** Promises that were rejected while nobody listened, with their reasons; exceptions of timers. */
  #strays = []
  #isRunning = false
  #failure = null
  #last = Promise.resolve()

  /**
   * @param jupyter tslab's module of that name
   * @param server its ZmqServer
   * @param reports the list that the executor's errors go to
   */
  constructor(jupyter, server, reports) {
    this.#jupyter = jupyter
    this.#server = server
    this.#reports = reports
  }

  /** Answers one execute_request when its turn comes. */
  async execute(socket, request) {
    const arrived = performance.now()
    this.#last = this.#last.then(() =>
      this.#isOutdated(request, arrived) ? { status: 'aborted' } : this.#run(request),
    )
    this.#send(request, socket, 'execute_reply', await this.#last)
  }

  /** Was it sent by somebody who did not know yet that an earlier cell would fail? */
  #isOutdated(request, arrived) {
    if (this.#failure === null || arrived > this.#failure.noticed + ON_ITS_WAY_MS) return false
    return arrived <= this.#failure.noticed || Date.parse(request.header.date) < this.#failure.date
  }

  async #run(request) {
    const { code, silent, stop_on_error: stopOnError } = request.content
    const { handler, iopub } = this.#server
    const publish = (type, content) => this.#send(request, iopub, type, content)
    const output = new CellOutput(publish)
    const execution_count = ++handler.execCount

    if (!silent) publish('execute_input', { code, execution_count })
    this.#redirect(output)
    const isDone = await this.#evaluate(code)
    output.end()
    if (isDone && this.#reports.length === 0)
      return { status: 'ok', execution_count, payload: [], user_expressions: {} }

    const failure = describeFailure(this.#reports, code)
    publish('error', failure)
    if (stopOnError !== false) this.#failure = { noticed: performance.now(), date: Date.now() }
    return { status: 'error', execution_count, ...failure }
  }

  /** From now on, what is printed and displayed belongs to this cell: also later, when it is done. */
  #redirect(output) {
    const { handler } = this.#server
    const write = (name, text) => output.write(name, text)
    process.stdout.write = handler.createWriteToIopub('stdout', write)
    process.stderr.write = handler.createWriteToIopub('stderr', write)
    this.#jupyter.lastWriteDisplayData = (data, isUpdate) => output.display(data, isUpdate)
  }

  async #evaluate(code) {
    this.#reports.length = 0
    this.#isRunning = true
    let isDone = false
    try {
      isDone = await this.#server.handler.executor.execute(code)
    } catch (error) {
      this.#reports.push([error])
    }
    // Node speaks of a rejection that nobody awaits when the microtasks are done.
    await nextTurn()
    this.#isRunning = false
    for (const { reason, note } of this.#strays.splice(0)) this.#reports.push([reason, note])
    return isDone
  }

  /** A failure that no cell waits for: it fails the cell that is running, or is told below the newest. */
  stray(note, reason, promise) {
    if (this.#isRunning) this.#strays.push({ note, reason, promise })
    else console.error(note, reason)
  }

  /** The cell awaited it after all. */
  handled(promise) {
    this.#strays = this.#strays.filter((stray) => stray.promise !== promise)
  }

  #send(request, socket, type, content) {
    const message = request.createReply()
    message.header.msg_type = type
    message.content = content
    message.signAndSend(this.#server.connInfo.key, socket)
  }
}

function listenForStrays(cells) {
  process.removeAllListeners('unhandledRejection').removeAllListeners('uncaughtException')
  process.on('unhandledRejection', (reason, promise) => cells.stray(REJECTED, reason, promise))
  process.on('uncaughtException', (error) => cells.stray(THROWN, error))
  process.on('rejectionHandled', (promise) => cells.handled(promise))
}

/** What tslab answers. It writes of anything else into the newest cell, and JupyterLab asks for a history. */
const ANSWERED = ['kernel_info', 'execute', 'is_complete', 'inspect', 'complete', 'comm_info', 'shutdown']

/** The frames of a message: addresses, a delimiter, a signature, then the header as JSON, and more. */
function requestType(frames) {
  const delimiter = frames.findIndex((frame) => String(frame) === '<IDS|MSG>')
  return JSON.parse(frames[delimiter + 2]).msg_type
}

/** What is not a cell must not disturb one: its failure is written to the kernel's log. */
function answerQuietly(server) {
  const handle = server.handleShellMessage.bind(server)
  const log = process.stderr.write.bind(process.stderr)
  server.handleShellMessage = async (socket, ...frames) => {
    try {
      if (ANSWERED.some((name) => requestType(frames) === `${name}_request`)) await handle(socket, ...frames)
    } catch (error) {
      log(`A request failed: ${error.stack}\n`)
    }
  }
}

/** A shutdown ends the process, whatever a cell has left open. */
function endAtShutdown(server) {
  const close = server.close.bind(server)
  server.close = () => {
    close()
    setTimeout(() => process.exit(), SHUTDOWN_MS).unref()
  }
}

function repair(tslab) {
  const executor = tslab('./dist/executor.js')
  const jupyter = tslab('./dist/jupyter.js')
  const { createExecutor } = executor
  const { init } = jupyter.ZmqServer.prototype
  const reports = []

  executor.createExecutor = (folder, converters, console) =>
    createExecutor(folder, converters, { ...console, error: (...report) => reports.push(report) })

  jupyter.ZmqServer.prototype.init = async function () {
    const cells = new Cells(jupyter, this, reports)
    this.handleExecute = (socket, request) => cells.execute(socket, request)
    listenForStrays(cells)
    answerQuietly(this)
    const { bindSocket } = this
    this.bindSocket = (socket, port) => {
      if (socket === this.iopub) keepAll(socket)
      return bindSocket.call(this, socket, port)
    }
    await init.call(this)
    for (const name of ['iopub', 'shell', 'control']) this[name] = new Sender(this[name])
    endAtShutdown(this)
  }
}

module.exports = { repair }
