import { expect, test } from 'vitest'
import { programName } from '../../src/cli/program-name.ts'

test.each([
  { argv: ['/usr/bin/node', '/usr/local/bin/gatez'], execPath: '/usr/bin/node', name: 'gatez' },
  { argv: ['/usr/bin/node', '/src/bin/gatez.js'], execPath: '/usr/bin/node', name: 'node /src/bin/gatez.js' },
  {
    argv: ['node', "/it's mine/gatez.js"],
    execPath: '/usr/bin/node',
    name: "node '/it'\\''s mine/gatez.js'",
  },
  { argv: ['gatez', '/snapshot/gatez/dist/lib/gatez.js'], execPath: '/opt/gatez', name: '/opt/gatez' },
])('started as $argv it is called again as $name', ({ argv, execPath, name }) => {
  expect(programName({ argv, execPath })).toBe(name)
})
