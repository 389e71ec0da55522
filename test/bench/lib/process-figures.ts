import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** One MiB. */
export const MIB = 1024 ** 2

/** What a process holds of memory now, in bytes. */
export function rssBytes(pid: number): number {
  return statusBytes(pid, 'VmRSS')
}

/** Of that, what no file stands behind: the rest is the program itself, and files that are mapped. */
export function anonymousBytes(pid: number): number {
  return statusBytes(pid, 'RssAnon')
}

/** The most it held since its start or the last `resetPeak`, in bytes. */
export function rssBytesPeak(pid: number): number {
  return statusBytes(pid, 'VmHWM')
}

/** Lets the peak begin at what is held now. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** For how many ms its main thread could have run and had to wait for the processor, since its start. */
export function waitedMs(pid: number): number {
  const [, waitedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')
  return Number(waitedNs) / 1e6
}

/** How many files and sockets it holds open. */
export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/**
 * Connections at a local IPv4 address: the clients of those a process still holds, and those it closed with bytes unsent.
 *
 * The kernel keeps the latter until the other side took the bytes or went away.
 */
export function connectionsAt(address: string, port: number): { held: readonly string[]; orphaned: number } {
  const bytes = address
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).padStart(2, '0'))
  const local = ` ${bytes.join('')}:${port.toString(16).padStart(4, '0')} `.toUpperCase()
  const held: string[] = []
  let orphaned = 0
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    if (!line.includes(local)) continue
    const [, here, there = '', state, , , , , , inode] = line.trim().split(/\s+/)
    if (here !== local.trim()) continue
    if (inode !== '0') held.push(there)
    else if (FIN_WAIT.includes(state ?? '')) orphaned += 1
  }
  return { held, orphaned }
}

/** FIN_WAIT1, FIN_WAIT2, CLOSING, LAST_ACK. */
const FIN_WAIT = ['04', '05', '0B', '09']

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no ${field}`)
  return Number(kib) * 1024
}
