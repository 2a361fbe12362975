/** How every server of the scenes and of the judge is started. */

/**
 * One backend, as PGlite must have it, but with fsync and every other promise of durability kept:
 * what PGlite turns off for speed is what a crash is about.
 */
const always: Readonly<Record<string, string>> = {
  search_path: 'public',
  exit_on_error: 'false',
  fsync: 'on',
  io_method: 'sync',
  log_checkpoints: 'on',
  log_line_prefix: '',
  max_parallel_maintenance_workers: '0',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_worker_processes: '0',
  shared_buffers: '16MB',
}

/** Command-line arguments of a single-user backend with these settings. */
export function startParams(settings: Readonly<Record<string, string>> = {}): string[] {
  const all = Object.entries({ ...always, ...settings })
  return ['--single', '-j', ...all.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** What a single-user backend prints on stdout, without a log level, when start-up is over. */
export const greeting = 'PostgreSQL stand-alone backend'
