import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a command line left behind. */
export interface CliResult {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number
}

/** Runs gatez as a process of its own, from the sources, in `cwd`. */
export function runCli(
  argv: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<CliResult> {
  const child = spawn(process.execPath, [ENTRY, ...argv], {
    cwd,
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
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

// The test runner sets variables that change what is printed.
function plainEnvironment(): Record<string, string | undefined> {
  const { NODE_ENV: _, FORCE_COLOR: __, DEBUG: ___, NODE_OPTIONS: ____, ...env } = process.env
  return env
}
