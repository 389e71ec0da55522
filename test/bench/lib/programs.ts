import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Child } from './child.ts'

/** A program a bench started; ended by its id when the bench is over. */
export interface Program extends AsyncDisposable {
  readonly pid: number
}

/** Starts a program pinned to `cpu`, and waits until `port` on 127.0.0.1 answers. */
export async function startPinned(
  cpu: number | string,
  port: number,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  const child = Child.start(command, { cpu, env })
  await waitForPort(child, port)
  return child
}

/** Names what is missing from the machine, with the package that brings it; throws if anything is. */
export function requirePrograms(programs: Readonly<Record<string, string>>): void {
  const missing = Object.entries(programs).filter(([program]) => !onPath(program))
  if (missing.length === 0) return
  const packages = missing.map(([, name]) => name).join(' ')
  throw new Error(`the bench needs: apt-get install ${packages}`)
}

/** CPU seconds a process has used so far, all its threads. */
export function cpuSeconds(pid: number): number {
  const fields =
    execFileSync('cat', [`/proc/${pid}/stat`], { encoding: 'utf8' })
      .split(') ')[1]
      ?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function waitForPort(child: Child, port: number): Promise<void> {
  for (let attempt = 0; attempt < 3_000; attempt += 1) {
    if (!child.running) throw new Error(`a program of the bench ended: ${child.stderr}`)
    if (await answers(port)) return
    await pause(20)
  }
  throw new Error(`nothing listens on ${port}: ${child.stderr}`)
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

function onPath(program: string): boolean {
  return ['/usr/sbin', '/usr/bin', '/bin', '/usr/local/bin'].some((dir) => existsSync(`${dir}/${program}`))
}
