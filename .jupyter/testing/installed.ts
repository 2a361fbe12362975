import { prepare } from '../prepare.mjs'

/** Before the first test: what they run must be installed. */
export async function setup(): Promise<void> {
  await prepare()
}
