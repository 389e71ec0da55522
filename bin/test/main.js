import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter } from 'node:path'
import { ROOT } from '../pinned-node.js'
import { failuresOf } from './failures.js'
import { ensureServices } from './services.js'
import { ensureTools } from './tools.js'

if (!ensureTools() || !ensureServices()) process.exit(1)

// npm test -- --long: all flow tests on Postgres, Redis and ClickHouse and through the control API, too; without it
// those that say most.
const isLong = process.argv.includes('--long')
const ON_SERVERS = [
  'amounts',
  'explain-and-void',
  'invoices',
  'own-endpoints',
  'quotas-and-plans',
  'why',
].map((name) => `test/flow/${name}.test.ts`)

const reports = mkdtempSync(`${tmpdir()}/gatez-test-`)
const env = { ...process.env, PATH: `${ROOT}node_modules/.bin${delimiter}${process.env.PATH}` }

try {
  const results = [
    step('build', 'bin/build.js', ['--if-stale']),
    step('biome', 'node_modules/@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']),
    step('types', 'node_modules/typescript/bin/tsc', ['--noEmit']),
    step('page types', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'src/portal']),
    tests('unit'),
    tests('slow-lane'),
    tests('flow'),
    tests('browser'),
    tests('flow', { stack: 'production', files: isLong ? [] : ON_SERVERS }),
    isLong ? tests('flow', { way: 'remote' }) : tests('flow-remote'),
  ]
  process.exitCode = summarize(results)
} finally {
  rmSync(reports, { recursive: true, force: true })
}

/** Runs one program of ours: passed or failed as a whole. */
function step(name, script, args) {
  console.log(`\n── ${name}`)
  const ok = run(script, args)
  return { name, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: [] }
}

/** Runs one project of vitest.config.ts and counts its tests. A file that does not load counts as a failure. */
function tests(project, { stack = 'embedded', way = '', files = [] } = {}) {
  const how = `${stack === 'embedded' ? '' : ' on servers'}${way === '' ? '' : ' through control'}`
  const name = `${project} tests${how}`
  console.log(`\n── ${name}`)
  const file = `${reports}/${project}-${stack}-${way}.json`
  const args = [
    'run',
    ...files,
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ]
  const ok = run('node_modules/vitest/vitest.mjs', args, {
    GATEZ_STACK: stack,
    ...(way !== '' && { GATEZ_FLOW: way }),
  })
  if (!existsSync(file)) return { name, passed: 0, failed: 1, skipped: 0, failures: [] }

  const report = JSON.parse(readFileSync(file, 'utf8'))
  const unloaded = report.testResults.filter(
    (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
  )
  const failed = report.numFailedTests + unloaded.length
  // Errors outside any test (an unhandled rejection) fail the run without failing a test.
  const strayed = failed === 0 && !ok
  return {
    name,
    passed: report.numPassedTests,
    failed: strayed ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: strayed ? ['an error outside any test: see above'] : failuresOf(report),
  }
}

function run(script, args, more = {}) {
  const options = { cwd: ROOT, env: { ...env, ...more }, stdio: 'inherit' }
  return spawnSync(process.execPath, [ROOT + script, ...args], options).status === 0
}

/** Prints what ran, ends with the line that scripts read, and returns the exit code. */
function summarize(results) {
  console.log('\n── what ran')
  for (const { name, passed, failed, skipped } of results) {
    console.log(
      `${name.padEnd(23)} ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    )
  }
  // Once more at the end, for what stands above is long.
  for (const { name, failures } of results) {
    for (const failure of failures) console.log(`\n✗ ${name}: ${failure}`)
  }
  const sum = (count) => results.reduce((total, result) => total + result[count], 0)
  // Nothing is skipped in silence: a skipped test fails the run.
  const failed = sum('failed') + sum('skipped')
  console.log(`\n${sum('passed')} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}
