import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'

/**
 * The places at which the crash programme (test/crash) lets the process be killed, in the order in which
 * a call and then its event pass them.
 */
export const FAIL_POINTS = [
  'after-auth',
  'after-limit',
  'before-connect',
  'after-upstream-headers',
  'mid-body',
  'before-commit',
  'inside-commit',
  'after-commit',
  'after-last-byte',
  'before-ship',
  'inside-ledger',
  'mid-ship',
  'after-ship',
  'compaction',
  'reload',
] as const

export type FailPointName = (typeof FAIL_POINTS)[number]

/** Where to die, and at the how manieth time that one thread comes by, counted from 1. */
export interface FailPoint {
  readonly name: FailPointName
  readonly pass: number
}

// Only a build that no one ships has fail points. In all others both functions are empty, and the bundler leaves
// calls of them out (bin/build/bundle.js). For that it must see the condition in each of them.

/**
 * Sets the fail point of this process, as `name:n`, before any other thread is started. Throws when there is no
 * such place.
 *
 * Threads learn of it by Node's environment data, so that nothing else has to carry it to them.
 */
export function armFailPoint(written: string | undefined): void {
  if (typeof GATEZ_FAIL_POINTS === 'undefined') return
  setEnvironmentData(KEY, written === undefined ? undefined : parseFailPoint(written))
}

/** Kills the process, as `kill -9` does, when this is the armed place and pass; else does nothing. */
export function failPoint(name: FailPointName): void {
  if (typeof GATEZ_FAIL_POINTS === 'undefined') return
  armed ??= readArmed()
  if (armed.name !== name) return
  armed.left -= 1
  if (armed.left === 0) process.kill(process.pid, 'SIGKILL')
}

/** Reads `name:n`: the n-th time that one thread comes by `name`, counted from 1. */
export function parseFailPoint(written: string): FailPoint {
  const [, name, pass] = /^([a-z-]+):([1-9]\d{0,8})$/.exec(written) ?? []
  const known = FAIL_POINTS.find((each) => each === name)
  if (known !== undefined) return { name: known, pass: Number(pass) }
  throw new Error(`no fail point: ${written}; write name:n, with one of ${FAIL_POINTS.join(', ')}`)
}

// Set to true by esbuild (bin/build.js --fail-points), unset otherwise.
declare const GATEZ_FAIL_POINTS: boolean | undefined

const KEY = 'gatez.fail-point'

let armed: { readonly name: string; left: number } | undefined

function readArmed(): { readonly name: string; left: number } {
  const data = getEnvironmentData(KEY)
  if (typeof data !== 'object' || data === null || !('name' in data) || !('pass' in data)) return NONE
  return { name: String(data.name), left: Number(data.pass) }
}

const NONE = { name: '', left: 0 }
