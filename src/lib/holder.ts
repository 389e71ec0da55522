import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'

/** A name for a piece of work of this process: host, process, and something that is never there twice. */
export function holderName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(6).toString('hex')}`
}

/** Whether a holder is known to be dead: a process of this host that is not there any more. */
export function isGone(holder: string): boolean {
  const [host, pid = ''] = holder.split(':')
  if (host !== hostname() || !/^\d+$/.test(pid)) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH'
  }
}
