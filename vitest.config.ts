import { defineConfig } from 'vitest/config'

// Packages that tests install for themselves bring tests of their own.
const FOREIGN = '**/node_modules/**'

/** With GATEZ_STACK=production flow tests run on Postgres, Redis and ClickHouse, which are started before them. */
const PRODUCTION = process.env.GATEZ_STACK === 'production'

/** What tests stores that are files, or brings servers of its own: the stack of the run changes nothing there. */
const OF_ONE_STACK = [
  'test/flow/backup.test.ts',
  'test/flow/clickhouse.test.ts',
  'test/flow/full-disk.test.ts',
  'test/flow/many-nodes.test.ts',
  'test/flow/mutations.test.ts',
  'test/flow/postgres-kills.test.ts',
  'test/flow/put-back.test.ts',
  'test/flow/redis-*.test.ts',
  'test/flow/secrets.test.ts',
  'test/flow/servers-attacked.test.ts',
  'test/flow/stacks.test.ts',
  'test/flow/wrong-turns.test.ts',
  'test/binary/**',
  'test/crash/**',
]

/** What commands do with stores, a third time: each command through the control API of a running gateway. */
const THROUGH_CONTROL = [
  'test/flow/amounts.test.ts',
  'test/flow/dataforge.test.ts',
  'test/flow/events.test.ts',
  'test/flow/explain-and-void.test.ts',
  'test/flow/invoices.test.ts',
  'test/flow/own-endpoints.test.ts',
  'test/flow/plans-diff.test.ts',
  'test/flow/quotas-and-plans.test.ts',
  'test/flow/reconcile.test.ts',
  'test/flow/tenants-and-keys.test.ts',
  'test/flow/why.test.ts',
]

/** What speaks HTTP, or breaks it: once as usual, once more with everything left to node:http and undici. */
const ON_THE_WIRE = ['test/gateway/*.test.ts', 'test/manners/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            FOREIGN,
            'test/flow/**',
            'test/binary/**',
            'test/crash/**',
            'test/bench/**',
            'test/browser/**',
          ],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'slow-lane',
          include: ON_THE_WIRE,
          env: { GATEZ_FAST_LANE: 'off' },
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'flow-remote',
          include: THROUGH_CONTROL,
          env: { GATEZ_FLOW: 'remote' },
          globalSetup: 'test/support/build-programs.ts',
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // Real processes on real sockets: one file at a time, so that none starves another.
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts', 'test/crash/**/*.test.ts', 'test/binary/**/*.test.ts'],
          globalSetup: [
            'test/support/build-programs.ts',
            ...(PRODUCTION ? ['test/support/start-servers.ts'] : []),
          ],
          exclude: [FOREIGN, ...(PRODUCTION ? OF_ONE_STACK : [])],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        // The pages in a real browser, of the built program: one file at a time as well.
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: 'test/support/build-programs.ts',
          exclude: [FOREIGN],
          // What a page shows is at most as old as the page asks anew: mostly five seconds.
          expect: { poll: { timeout: 30_000, interval: 100 } },
          testTimeout: 240_000,
          hookTimeout: 240_000,
          fileParallelism: false,
        },
      },
      {
        // npm run screenshots: writes docs/images.
        test: {
          name: 'screenshots',
          include: ['test/browser/screenshots.ts'],
          globalSetup: 'test/support/build-programs.ts',
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
