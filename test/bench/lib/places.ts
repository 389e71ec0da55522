import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** The processor of the gateway, all its threads. */
export const GATEWAY_CPU = 0
/** The processor of all others: clients, upstream, attackers. */
export const LOAD_CPU = 1

/** Where Linux keeps the priority of a session; that of a process counts within its session only. */
const SESSION_FILE = '/proc/self/autogroup'

/**
 * What is put before a command so that it runs on `cpu`, with a priority of its own if it leads a session.
 *
 * What is measured goes before what only makes load (`yields`), and, as root, before what else the machine
 * is busy with.
 */
export function placedOn(cpu: number | string, yields: boolean): readonly string[] {
  const niceness = String(yields ? YIELDING : PREFERRED)
  const script = `echo "$0" 2>/dev/null > ${SESSION_FILE}; ulimit -n ${OPEN_FILES}; exec "$@"`
  // All of these become the program: the id stays the same.
  return ['bash', '-c', script, niceness, 'nice', '-n', niceness, 'taskset', '-c', String(cpu)]
}

/**
 * Moves the bench itself to the processor of the load. `yields` as for programs.
 *
 * A session that was put before others is put back when the bench ends.
 */
export function placeBench(yields: boolean): void {
  execFileSync('taskset', ['-a', '-c', '-p', String(LOAD_CPU), String(process.pid)], { stdio: 'ignore' })
  setPriority(yields ? YIELDING : PREFERRED)
  if (yields || !isRoot || !existsSync(SESSION_FILE)) return
  const before = /nice (-?\d+)/.exec(readFileSync(SESSION_FILE, 'latin1'))?.[1] ?? '0'
  writeFileSync(SESSION_FILE, String(PREFERRED))
  process.on('exit', () => writeFileSync(SESSION_FILE, before))
}

const isRoot = process.getuid?.() === 0
const PREFERRED = isRoot ? -10 : 0
const YIELDING = isRoot ? 0 : 10

/** Open files a program of the bench may have: thousands of connections. */
const OPEN_FILES = 20_000
