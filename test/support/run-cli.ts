import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a command line left behind. */
export interface CliResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Where and how to run it. */
export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** The script to run: the sources if not given. */
  readonly entry?: string
  /** What it finds on standard input; nothing if not given. */
  readonly input?: string
}

/** Runs gatez as a process of its own in `cwd`, to its end. */
export function runCli(argv: readonly string[], options: CliOptions): Promise<CliResult> {
  const { cwd, env = {}, entry = ENTRY, input } = options
  const child = spawn(process.execPath, [entry, ...argv], {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // It may end without having read.
  child.stdin.on('error', () => {}).end(input)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === null) reject(new Error(`gatez ${argv.join(' ')} was ended by ${signal}`))
      else resolve({ stdout, stderr, exitCode: code })
    })
  })
}

const ENTRY = fileURLToPath(new URL('../../bin/run.js', import.meta.url))

/** The environment of this process without what the test runner adds: that changes what is printed. */
export function plainEnvironment(): Record<string, string | undefined> {
  const { NODE_ENV: _, FORCE_COLOR: __, DEBUG: ___, NODE_OPTIONS: ____, ...env } = process.env
  return env
}
