'use strict'

/**
 * What a cell prints, sent without loss.
 *
 * zeromq takes one send at a time. It answers the first 512 at once; the next one is under way until the
 * event loop turns, and every send before that is refused ("Socket is busy writing"). tslab does not wait,
 * so a cell that prints 3000 lines shows some 500 of them, and the message that says "idle" is lost too.
 */

/** Stands in for a socket and sends its messages one after another. An idle one sends at once. */
class Sender {
  #socket
  #waiting = []
  #sending = null
  #isClosed = false

  constructor(socket) {
    this.#socket = socket
  }

  send(frames) {
    if (this.#isClosed) return
    this.#waiting.push(frames)
    this.#sending ??= this.#sendWaiting()
  }

  async #sendWaiting() {
    while (this.#waiting.length > 0) await this.#socket.send(this.#waiting.shift())
    this.#sending = null
  }

  /** Closes the socket when everything handed in has been sent. */
  async close() {
    this.#isClosed = true
    await this.#sending
    this.#socket.close()
  }
}

/** Text waits this long, in milliseconds, for more text: a line a message would drown the browser. */
const GATHER_MS = 25
/** Text is sent when it has grown to this many characters. */
const GATHER_LENGTH = 200_000
/** A cell that prints more than this many characters has lost its way; the kernel's memory has not. */
const MOST_LENGTH = 20_000_000

/** The output of one cell: text in the order it was printed, gathered into few messages. */
class CellOutput {
  #publish
  #name = ''
  #text = ''
  #length = 0
  #timer = null

  /** @param publish called with a message type and its content */
  constructor(publish) {
    this.#publish = publish
  }

  /** @param name stdout or stderr */
  write(name, text) {
    if (this.#length > MOST_LENGTH) return
    this.#length += text.length
    if (name !== this.#name) this.flush()
    this.#name = name
    this.#text += text
    if (this.#length > MOST_LENGTH) this.#text += '\n[The cell printed too much; the rest is left out.]\n'
    if (this.#text.length >= GATHER_LENGTH) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS)
  }

  display(data, isUpdate) {
    this.flush()
    this.#publish(isUpdate ? 'update_display_data' : 'display_data', data)
  }

  flush() {
    clearTimeout(this.#timer)
    this.#timer = null
    const text = this.#text
    this.#text = ''
    if (text !== '') this.#publish('stream', { name: this.#name, text })
  }
}

module.exports = { CellOutput, Sender }
