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

/**
 * Whether this build has fail points. Only one that no one ships does: in all others calls of `failPoint`
 * are calls of an empty function, which the bundler leaves out (bin/build/bundle.js).
 */
export const HAS_FAIL_POINTS = typeof GATEZ_FAIL_POINTS !== 'undefined'

/**
 * Sets the fail point of this process, before any other thread is started.
 *
 * Threads learn of it by Node's environment data, so that nothing else has to carry it to them.
 */
export function armFailPoint(point: FailPoint | undefined): void {
  if (!HAS_FAIL_POINTS) return
  setEnvironmentData(KEY, point)
}

/** Kills the process, as `kill -9` does, when this is the armed place and pass; else does nothing. */
export function failPoint(name: FailPointName): void {
  if (!HAS_FAIL_POINTS) return
  armed ??= readArmed()
  if (armed.name !== name) return
  armed.left -= 1
  if (armed.left === 0) process.kill(process.pid, 'SIGKILL')
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
