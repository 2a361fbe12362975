// How a learner's code is kept apart. The best level that works on this machine is taken, and the report names it.
//
//   bubblewrap   namespaces of its own: no network, no other process, no file but Node and the child's code
//   permissions  Node's permission flags, and another user when the grader is root: no file outside the child's
//                code, no child process; the network stays open, and Node calls this no boundary against an attacker

import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { limits } from './limits.js'

export type Level = 'bubblewrap' | 'permissions'

export interface Isolation {
  readonly level: Level
  /** One sentence for the report. */
  readonly description: string
  /** The command that runs child.js in `folder`. */
  command(folder: string): { file: string; args: string[]; uid?: number }
}

const MIB = 1 << 20

function find(program: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // not in this folder
    }
  }
  return undefined
}

/** All levels that this machine might have, best first. Whether one works is known after a trial. */
export function isolations(): Isolation[] {
  const bwrap = process.platform === 'linux' ? find('bwrap') : undefined
  const prlimit = find('prlimit')
  return [
    ...(bwrap ? [bubblewrap(bwrap, prlimit)] : []),
    ...(process.getuid?.() === 0 ? [permissions(prlimit, true)] : []),
    permissions(prlimit, false),
    ...(prlimit ? [permissions(undefined, false)] : []),
  ]
}

function bubblewrap(bwrap: string, prlimit: string | undefined): Isolation {
  const libraries = ['/lib', '/lib64', '/usr/lib', '/usr/lib64']
  const system = libraries.flatMap((path) => ['--ro-bind-try', path, path])
  const apart = ['--unshare-all', '--die-with-parent', '--new-session', '--clearenv', '--cap-drop', 'ALL']
  const nobody = ['--uid', '65534', '--gid', '65534', '--hostname', 'sandbox']
  const places = ['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--chdir', '/tmp']
  return {
    level: 'bubblewrap',
    description: `bubblewrap: own namespaces, no network, no other processes, no files${memory(prlimit)}`,
    command(folder) {
      const files = ['--ro-bind', process.execPath, '/node', '--ro-bind', folder, '/sandbox']
      const node = ['/node', ...nodeFlags('/sandbox'), '/sandbox/child.js']
      return limited(prlimit, [bwrap, ...apart, ...nobody, ...system, ...files, ...places, ...node])
    },
  }
}

function permissions(prlimit: string | undefined, anotherUser: boolean): Isolation {
  const user = anotherUser ? ' and another user' : ''
  // Node 25 is the first whose permission flags close the network.
  const network = Number(process.versions.node.split('.')[0]) >= 25 ? 'no network' : 'but the network is open'
  return {
    level: 'permissions',
    description: `Node's permission flags${user}: no files, no child processes, ${network}${memory(prlimit)}`,
    command(folder) {
      const command = limited(prlimit, [process.execPath, ...nodeFlags(folder), join(folder, 'child.js')])
      return anotherUser ? { ...command, uid: 61000 + Math.floor(Math.random() * 4000) } : command
    },
  }
}

function memory(prlimit: string | undefined): string {
  return prlimit ? '' : '; memory limited for the JavaScript heap only'
}

function nodeFlags(folder: string): string[] {
  const stable = process.allowedNodeEnvironmentFlags.has('--permission')
  return [
    stable ? '--permission' : '--experimental-permission',
    `--allow-fs-read=${join(folder, '*')}`,
    `--max-old-space-size=${limits.heap}`,
    '--no-warnings',
  ]
}

/** Memory outside of the JavaScript heap is limited by the system, where it can. */
function limited(prlimit: string | undefined, command: string[]): { file: string; args: string[] } {
  const limit = prlimit ? [prlimit, `--data=${limits.data * MIB}`, '--core=0', '--nofile=64'] : []
  const [file, ...args] = [...limit, ...command]
  return { file, args }
}
