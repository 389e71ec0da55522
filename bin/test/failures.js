import { relative } from 'node:path'
import { ROOT } from '../pinned-node.js'

/** A message of an assertion can hold a whole page: so many lines say what went wrong. */
const LINES = 12

/** Names each failed test of a JSON report of vitest, with the beginning of its message; and each file not loaded. */
export function failuresOf(report) {
  return report.testResults.flatMap((suite) => {
    const file = relative(ROOT, suite.name)
    const failed = suite.assertionResults.filter((test) => test.status === 'failed')
    if (suite.status === 'failed' && failed.length === 0) return [said(file, suite.message)]
    return failed.map((test) => said(`${file} > ${test.fullName}`, test.failureMessages.join('\n')))
  })
}

function said(what, message) {
  const lines = message.split('\n').filter((line) => !/^ +at .*node_modules|^ +at new Promise/.test(line))
  const rest = lines.length > LINES ? [`… ${lines.length - LINES} more lines above`] : []
  return [what, ...lines.slice(0, LINES), ...rest].join('\n  ')
}
