/** Crash points per second of the simulator, on one core: each is a crashed disk, recovered and looked at. */
import { simulate } from '../simulation/crashes.js'
import { makeHistory } from '../simulation/history.js'

export interface SimulatingOptions {
  seconds: number
}

/** Prints crash points per second, without and with crashes of recovery itself. */
export function benchSimulating({ seconds }: SimulatingOptions): void {
  console.log('\ncrash points of the simulator, one core')
  for (const depth of [0, 5]) {
    let crashes = 0
    const run = (seed: number): number =>
      simulate(makeHistory(seed, 40), { seed, depth, nestedEvery: 8 }).crashes
    for (let seed = 0; seed < 3; seed++) run(seed) // the compiler warms up
    const began = performance.now()
    for (let seed = 3; performance.now() - began < seconds * 1000; seed++) crashes += run(seed)
    const rate = (crashes * 1000) / (performance.now() - began)
    const what = depth === 0 ? 'histories crashed everywhere' : 'recoveries crashed too, five deep'
    console.log(`  ${what.padEnd(36)} ${rate.toFixed(0).padStart(6)} per s, ${crashes} in all`)
  }
}
