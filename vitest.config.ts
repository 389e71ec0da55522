import { defineConfig } from 'vitest/config'

// Packages that tests install for themselves bring tests of their own.
const FOREIGN = '**/node_modules/**'

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
          testTimeout: 20_000,
        },
      },
      {
        // Real processes on real sockets: one file at a time, so that none starves another.
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts', 'test/crash/**/*.test.ts', 'test/binary/**/*.test.ts'],
          globalSetup: 'test/support/build-programs.ts',
          exclude: [FOREIGN],
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
