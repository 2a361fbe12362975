'use strict'

/**
 * What a cell prints, sent without loss.
 *
 * zeromq takes one send at a time. It answers the first 512 at once; the next one is under way until the
 * event loop turns, and every send before that is refused ("Socket is busy writing"). tslab does not wait,
 * so a cell that prints 3000 lines shows some 500 of them, and the message that says "idle" is lost too.
 * What zeromq has taken may still be lost: beyond 1000 messages in its own queue it drops the newer ones.
 */

/** Stands in for a socket. Sends at once while zeromq takes it; else in order, as soon as it does. */
class Sender {
  #socket
  #waiting = []
  #lastSent = null
  #sending = null
  #isClosed = false

  constructor(socket) {
    this.#socket = socket
  }

  send(frames) {
    if (this.#isClosed) return
    if (this.#sending === null && this.#isTaken(frames)) return
    this.#waiting.push(frames)
    this.#sending ??= this.#sendWaiting()
  }

  #isTaken(frames) {
    try {
      this.#lastSent = this.#socket.send(frames)
      return true
    } catch (error) {
      if (error.code !== 'EBUSY') throw error
      return false
    }
  }

  async #sendWaiting() {
    await this.#lastSent
    while (this.#waiting.length > 0) await this.#socket.send(this.#waiting.shift())
    this.#sending = null
  }

  /** Closes the socket when everything handed in has been sent. */
  async close() {
    this.#isClosed = true
    await this.#sending
    await this.#lastSent
    this.#socket.close()
  }
}

/** To be called before the socket is bound: its queue has no limit then. */
function keepAll(publisher) {
  publisher.sendHighWaterMark = 0
}

/** One message with text in so many milliseconds is enough: a line a message would drown the browser. */
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
  #flushed = -Infinity
  #isEnded = false

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
    const isDue = performance.now() - this.#flushed >= GATHER_MS
    if (isDue || this.#isEnded || this.#text.length >= GATHER_LENGTH) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS)
  }

  display(data, isUpdate) {
    this.flush()
    this.#publish(isUpdate ? 'update_display_data' : 'display_data', data)
  }

  /** The cell is done. What a timer prints from now on is sent at once. */
  end() {
    this.flush()
    this.#isEnded = true
  }

  flush() {
    clearTimeout(this.#timer)
    this.#timer = null
    if (this.#text === '') return
    this.#publish('stream', { name: this.#name, text: this.#text })
    this.#text = ''
    this.#flushed = performance.now()
  }
}

module.exports = { CellOutput, Sender, keepAll }
