import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ListeningAt } from './control-messages.ts'

/** Writes down where control listens, for programs that have the same data folder. */
export function writeControlAddress(dataDir: string, at: ListeningAt): void {
  writeFileSync(pathIn(dataDir), `${urlOf(at)}\n`, { mode: 0o600 })
}

/** Nothing listens any more. */
export function removeControlAddress(dataDir: string): void {
  rmSync(pathIn(dataDir), { force: true })
}

/** Where control listens, or did when a gateway last ran; undefined when none ever wrote it down. */
export function readControlAddress(dataDir: string): string | undefined {
  try {
    return readFileSync(pathIn(dataDir), 'utf8').trim()
  } catch {
    return undefined
  }
}

function pathIn(dataDir: string): string {
  return join(dataDir, 'control-address')
}

/** An address of this machine, where it listens on all of them. */
function urlOf({ host, port, speaksTls }: ListeningAt): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${speaksTls ? 'https' : 'http'}://${near.includes(':') ? `[${near}]` : near}:${port}`
}
