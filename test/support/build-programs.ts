import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Builds what the flow tests run, once before all of them: the program, and the one that releases early. */
export function setup(): void {
  for (const flag of ['--no-binary', '--release-early']) {
    execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), flag])
  }
}

/** The script of a built program. */
export function builtProgram(build: Build): string {
  return join(ROOT, 'dist', build, 'gatez.js')
}

/** `release-early` lets the ends of answers go before they are metered: tests must notice. */
export type Build = 'lib' | 'release-early'
