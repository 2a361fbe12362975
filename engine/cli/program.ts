// The command line: which commands there are, what they take, what --help says of them. A command's own code is loaded
// when it is asked for.

import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { colorsFor } from './colors.js'
import { EXIT, EXIT_CODES_HELP, exitCodeOf, sentenceOf, type ExitCode } from './exit.js'
import type { CommandIo } from './io.js'
import type { PageOptions } from './page.js'
import type { RecoverCommandOptions } from './recover.js'
import {
  atArgument,
  bareStats,
  forkArgument,
  lsnArgument,
  numberArgument,
  relationArgument,
  rmgrArgument,
  statsArgument,
  type WalOptions,
} from './walOptions.js'

const DIRECTORY = 'data directory; when not given, the environment variable PGDATA'

const EXAMPLES = `
Examples:
  pgcrash recover /var/lib/postgresql/18/main --dry-run
  pgcrash recover /var/lib/postgresql/18/main
  pgcrash control /var/lib/postgresql/18/main
  pgcrash wal /var/lib/postgresql/18/main | less
  pgcrash wal DIR --explain --xid 754
  pgcrash page DIR base/5/16384 0 --at 0/1A2B3C8
  pgcrash wal DIR --all --stats=record

${EXIT_CODES_HELP}
`

const WAL_HELP = `
Without --from or --all the range begins at the redo point of pg_control, where recovery would begin, and it goes to
the end of WAL. Why WAL ends there is said on standard error.

--json prints one object a line, with the column names of pg_walinspect: start_lsn, end_lsn, prev_lsn, xid,
resource_manager, record_type, record_length, main_data_length, fpi_length, description, toplevel_xid and origin where
there is one, and blocks: block_id, reltablespace, reldatabase, relfilenode, relforkname, relblocknumber, will_init,
block_data_length, and image {length, hole_offset, hole_length, compression, apply} where there is one. Lengths are in
bytes, LSNs are text, times in descriptions are in UTC. With --explain there is also explanation.

Examples:
  pgcrash wal DIR --rmgr Heap --rmgr Btree --limit 20
  pgcrash wal DIR --relation base/5/16384 --block 0 --explain
  pgcrash wal DIR --from 0/1A2B3C8 --to 0/1B00000 --json | jq .description
  pgcrash wal DIR --follow

${EXIT_CODES_HELP}
`

const RECOVER_HELP = `
The directory must not be in use. Afterwards PostgreSQL starts on it without recovery. Stopped at any moment, it leaves
a directory that PostgreSQL or pgcrash can still recover.

--json prints one object: outcome (recovered, would recover, no recovery needed), state, timeline, checkpoint_lsn,
redo_lsn, wal {first_lsn, last_lsn, end_lsn, records, bytes, verdict, meaning, valid_beyond, newest_page_lsn, reason,
by_resource_manager}, transactions {committed, aborted, last_end_time, in_flight, in_flight_become, prepared}, files
{temporary_removed, unlogged_reset, leftovers_removed, dummies}, missing_blocks, final_checkpoint {lsn, pages_written,
status_pages_written}; null for what does not apply. Verdicts on the end of the log: clean end, torn tail, recycled
segment, missing segment, damage (whole records stand behind the break), requested (--to). PostgreSQL's sentences then
go to standard error. Names stay and keep their meaning, new ones may come.

Examples:
  pgcrash recover DIR --dry-run
  pgcrash recover DIR --backup /elsewhere/before && pgcrash undo DIR /elsewhere/before
  pgcrash recover DIR --to 0/1A2B3C8 --into /elsewhere/copy

${EXIT_CODES_HELP}
`

const PAGE_HELP = `
REL is what pg_relation_filepath() says, base/5/16384, with _vm, _fsm or _init for another fork; or the three numbers
that pgcrash wal prints, 1663/5/16384. BLOCK counts from 0 through all files of the fork.

--at replays the log from the redo point in memory. A page on disk that is newer than the position cannot be taken back,
but where the log holds a full-page image of it, it is rebuilt from there; a refusal says which position can be had.
Hint bits, which are not in the log, are as they were found.

--json prints one object; null is what does not apply:
  path, reltablespace, reldatabase, relfilenode, relforkname, relblocknumber
  as_of     source (disk, log), file, file_offset, asked, reached, redo_lsn, page_lsn_on_disk, rebuilt_from (the record
            that holds the image), records_applied, records_later
  page      kind (heap, sequence, btree, hash, gin, gist, spgist, brin, bloom, vm, fsm, new, unknown), type (leaf, meta …),
            header, special, contents (of a meta page or a map): PostgreSQL's field names, x_names the bits set in x;
            checksum {stored, computed, valid, pending: not on disk, so not set yet}, fault, items, entries
  items     lp, lp_off, lp_flags (UNUSED, NORMAL, REDIRECT, DEAD), lp_len, damaged, tuple
            of a heap: t_xmin, t_xmin_status (committed, aborted, in progress, sub-committed, prepared, frozen, bootstrap,
            none, unknown), t_xmax, t_xmax_status (the same, or multixact), members {xid, mode, status}, t_cid, t_ctid,
            t_infomask2, t_infomask, flags, natts, t_hoff, t_bits, t_data, row (live, inserting, not inserted, deleting,
            deleted, updating, updated, moved, unknown)
            of an index: t_tid, key, and what it leads to, as the access method has it: downlink, heap_tid, tids …
  entries   what has no line pointers: ranges of a map, posting lists
  bytes     with --hex: the page
  history   with --history: the objects of pgcrash wal --json, page_lsn_before, and outcome (needsRedo, done, restored,
            notFound, cleared, created, truncated, dropped, skipped)
Lengths and offsets are bytes, LSNs and 64-bit numbers text, keys and data hexadecimal. Names stay and keep their
meaning, new ones may come.

Examples:
  pgcrash page DIR base/5/16384 0
  pgcrash page DIR base/5/16384_vm 0
  pgcrash page DIR 1663/5/16384 7 --at 0/1A2B3C8 --history
  pgcrash page DIR base/5/16384 0 --at end --json | jq '.page.items[].tuple.row'

${EXIT_CODES_HELP}
`

const CONTROL_HELP = `
--json prints one object: the fields of ControlFileData under their own names, the copy of the checkpoint as
checkPointCopy, and state_name. LSNs and other 64-bit numbers are text, times are ISO 8601 in UTC.

${EXIT_CODES_HELP}
`

/** Runs pgcrash with these arguments (without the names of node and of the script); the result is the exit code. */
export async function run(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  let code: ExitCode = EXIT.OK
  const program = makeProgram(io, (result) => (code = result))
  try {
    await program.parseAsync(bareStats(args), { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.OK : EXIT.USAGE // it has said why
    complain(io, sentenceOf(error))
    return exitCodeOf(error)
  }
}

function complain(io: CommandIo, sentence: string): void {
  io.stderr.write(`pgcrash: ${colorsFor(io.stderr, io).red('error:')} ${sentence}\n`)
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url) // seen from dist/cli
  const source = new URL('../package.json', import.meta.url)
  const path = import.meta.url.endsWith('.ts') ? source : file
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}

function makeProgram(io: CommandIo, finish: (code: ExitCode) => void): Command {
  const program = new Command('pgcrash')
    .description("Reads PostgreSQL 18's write-ahead log and recovers a crashed data directory.")
    .version(version())
    .addHelpText('after', EXAMPLES)
  addRecover(program, io, finish)
  addWal(program, io, finish)
  addPage(program, io, finish)
  addControl(program, io, finish)
  addUndo(program, io, finish)
  for (const command of [program, ...program.commands])
    command
      .exitOverride()
      .helpOption('-h, --help', 'show this help')
      .configureOutput({
        writeOut: (text) => void io.stdout.write(text),
        writeErr: (text) => void io.stderr.write(text),
        outputError: (text) =>
          complain(
            io,
            text
              .replace(/^error: /, '')
              .trim()
              .replace(/\n/g, ' '),
          ),
      })
  return program
}

function addWal(program: Command, io: CommandIo, finish: (code: ExitCode) => void): void {
  program
    .command('wal')
    .description('print WAL records as pg_waldump 18 does')
    .argument('[DIR]', DIRECTORY)
    .option('--from <lsn>', 'first record at or after this location', lsnArgument)
    .option('--to <lsn>', 'only records that end at or before this location', lsnArgument)
    .option('--all', 'from the oldest WAL segment that is kept')
    .option(
      '--rmgr <name>',
      'only records of this resource manager; may be given several times',
      rmgrArgument,
    )
    .option('--xid <n>', 'only records of this transaction', numberArgument(0))
    .option(
      '--relation <rel>',
      'only records that touch this relation: base/5/16384, or 1663/5/16384',
      relationArgument,
    )
    .option('--block <n>', 'with --relation: only records that touch this page', numberArgument(0))
    .option('--fork <name>', 'only records that touch this fork: main, fsm, vm, init', forkArgument)
    .option('--fullpage', 'only records with a full-page image')
    .option('--limit <n>', 'stop after so many records', numberArgument(1))
    .option(
      '--stats [kind]',
      'statistics by resource manager, or with --stats=record by record type',
      statsArgument,
    )
    .option('--follow', 'at the end wait for more, until interrupted')
    .option('--json', 'one JSON object a record')
    .option('--explain', 'one plain sentence a record')
    .option('--bkp-details', 'block references with fork, hole and compression')
    .addHelpText('after', WAL_HELP)
    .action(async (directory: string | undefined, options: WalOptions) =>
      finish(await (await import('./wal.js')).walCommand(directory, options, io)),
    )
}

function addPage(program: Command, io: CommandIo, finish: (code: ExitCode) => void): void {
  program
    .command('page')
    .description('show a page of a relation, as it lies on disk or as it was at a position of the log')
    .usage('[options] [DIR] REL BLOCK')
    .argument('<what...>', 'DIR (or the environment variable PGDATA), relation, block number')
    .option('--at <lsn>', 'as it was at this location, or "end" for the end of the log', atArgument)
    .option('--history', 'the records of the log, from the redo point, that touch the page')
    .option('--fork <name>', 'which fork: main, fsm, vm, init', forkArgument)
    .option('--hex', 'the bytes too')
    .option('--json', 'one JSON object')
    .addHelpText('after', PAGE_HELP)
    .action(async (what: string[], options: PageOptions) =>
      finish(await (await import('./page.js')).pageCommand(what, options, io)),
    )
}

function addRecover(program: Command, io: CommandIo, finish: (code: ExitCode) => void): void {
  program
    .command('recover')
    .description('recover a crashed data directory, as PostgreSQL 18 does when it starts')
    .argument('[DIR]', DIRECTORY)
    .option('--dry-run', 'say what would be done; change nothing')
    .option('--json', 'one JSON object, at the end')
    .option('--leave-in-flight', "PostgreSQL's way: write nothing for transactions that were in flight")
    .option('--backup <file>', 'keep every byte that is overwritten in a new file; see pgcrash undo')
    .option('--into <newdir>', 'recover a copy, made as this new directory')
    .option(
      '--to <lsn>',
      'with --into or --dry-run: replay only records that end at or before this location',
      lsnArgument,
    )
    .addHelpText('after', RECOVER_HELP)
    .action(async (directory: string | undefined, options: RecoverCommandOptions) =>
      finish(await recover(directory, options, io)),
    )
}

async function recover(
  directory: string | undefined,
  options: RecoverCommandOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const { threadFor } = await import('../threads/assistant.js')
  const thread = threadFor(directory ?? io.env.PGDATA ?? '')
  try {
    const { recoverCommand } = await import('./recover.js')
    return await recoverCommand(directory, options, io, thread)
  } finally {
    thread?.leave()
  }
}

function addUndo(program: Command, io: CommandIo, finish: (code: ExitCode) => void): void {
  program
    .command('undo')
    .description('put a directory back as it was before pgcrash recover --backup')
    .argument('<DIR>', 'data directory')
    .argument('<FILE>', 'the file that recover --backup wrote')
    .addHelpText('after', `\n${EXIT_CODES_HELP}\n`)
    .action(async (directory: string, file: string) =>
      finish((await import('./undo.js')).undoCommand(directory, file, io)),
    )
}

function addControl(program: Command, io: CommandIo, finish: (code: ExitCode) => void): void {
  program
    .command('control')
    .description('print the control file as pg_controldata 18 does')
    .argument('[DIR]', DIRECTORY)
    .option('--json', 'one JSON object')
    .addHelpText('after', CONTROL_HELP)
    .action(async (directory: string | undefined, options: { json?: boolean }) =>
      finish(await (await import('./control.js')).controlCommand(directory, options, io)),
    )
}
