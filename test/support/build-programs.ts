import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/**
 * What the flow tests run: the program, one that dies at named places, and one that lets answers end before they
 * are metered.
 */
const BUILDS = {
  lib: '--no-binary',
  'fail-points': '--fail-points',
  'release-early': '--release-early',
} as const

export type Build = keyof typeof BUILDS

/** Builds all, once before all flow tests, and returns what removes them. */
export function setup(): () => void {
  return buildPrograms(['lib', 'fail-points', 'release-early'])
}

/**
 * Builds these and returns what removes them.
 *
 * Tests run copies of their own: a build meanwhile would take the program away from under them.
 */
export function buildPrograms(builds: readonly Build[]): () => void {
  process.env[VARIABLE] = join(ROOT, `dist/flow-${process.pid}`)
  // They are started some hundred times: what Node compiled once need not be compiled again.
  process.env.NODE_COMPILE_CACHE = programFolder('cache')
  for (const name of builds) {
    execFileSync(process.execPath, [join(ROOT, 'bin/build.js'), BUILDS[name]])
    cpSync(join(ROOT, 'dist', name), programFolder(name), { recursive: true })
  }
  return () => {
    for (const name of [...builds, 'cache']) rmSync(programFolder(name), { recursive: true, force: true })
  }
}

/** The script of a built program. */
export function builtProgram(build: Build): string {
  return join(programFolder(build), 'gatez.js')
}

/** The folder of a built program. It lies in dist, from where a program finds its templates and packages. */
export function programFolder(name: string): string {
  return `${process.env[VARIABLE]}-${name}`
}

/** How the tests learn where the programs are. */
const VARIABLE = 'GATEZ_TEST_PROGRAMS'
