import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { atEnd } from '../at-end.ts'
import type { Project } from '../project.ts'
import { plainEnvironment } from '../run-cli.ts'
import { parseStrace, type SystemCall } from './parse-strace.ts'

/** Runs `gatez serve` of a project under strace while `work` runs, and returns what the gateway did. */
export async function traceServe(
  project: Project,
  work: (serve: { readonly port: number }) => Promise<void>,
): Promise<{ readonly calls: SystemCall[]; readonly port: number }> {
  const log = project.path('strace.log')
  const args = [...STRACE, '-o', log, process.execPath, project.entry, 'serve']
  const env = { ...plainEnvironment(), ...project.env }
  const child = spawn('strace', args, { cwd: project.folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  /** The gateway itself: strace keeps signals to itself. */
  const gateway = (): number => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
  atEnd(() => {
    if (child.exitCode === null) process.kill(gateway(), 'SIGKILL')
  })
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => reject(new Error('the gateway ended under strace')))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const [, found] = /127\.0\.0\.1:(\d+)/.exec(text) ?? []
      if (found !== undefined) resolve(Number(found))
    })
  })
  await work({ port })
  const ended = once(child, 'exit')
  process.kill(gateway(), 'SIGTERM')
  await ended
  return { calls: parseStrace(readFileSync(log, 'utf8')), port }
}

/** Everything that a sync, a socket or a name has to do with; strings whole and in hex. */
const STRACE = [
  ...['-f', '-yy', '-ttt', '-xx', '-s', '1000000', '--seccomp-bpf', '-e'],
  'trace=openat,unlink,unlinkat,rename,pwrite64,write,writev,sendto,sendmsg,ftruncate,fsync,fdatasync,shutdown,close',
]
