/** Why we cannot go on, as the user reads it: a sentence, and the command that mends it when there is one. */
export class Refusal extends Error {
  /** @param exitCode 1: something is missing or has failed; 2: wrong options */
  constructor(sentence, exitCode = 1) {
    super(sentence)
    this.name = 'Refusal'
    this.exitCode = exitCode
  }
}
