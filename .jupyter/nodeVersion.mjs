/**
 * Is this Node new enough? Asked before anything else is loaded, so this file and those that import it keep
 * to what old Nodes can read, and load the rest with import() afterwards.
 */

const NEEDED = [20, 19]

/** True when Node is new enough; otherwise says in a sentence how to get on. */
export function checkNode(command) {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return true
  process.stderr.write(
    `Node ${NEEDED.join('.')} or newer is needed, and this is ${process.versions.node}. ` +
      `To run with a newer one, without installing it: npx --yes --package node@24 -- ${command}\n`,
  )
  return false
}
