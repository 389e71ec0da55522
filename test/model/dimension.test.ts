import { expect, test } from 'vitest'
import { REPORT_BY, reportColumns } from '../../src/metering/report-columns.ts'
import {
  DIMENSION_VALUE_LENGTH_MAX,
  dimensionsText,
  dimensionValue,
  RESERVED_DIMENSIONS,
  readDimensions,
} from '../../src/model/dimension.ts'

test.each([
  { written: 'eu-west', value: 'eu-west', why: 'as it is' },
  { written: '  eu west ', value: 'eu west', why: 'without blanks around it' },
  { written: '', value: undefined, why: 'nothing is none' },
  { written: undefined, value: undefined, why: 'nor is a field that is not there' },
  { written: 'x'.repeat(DIMENSION_VALUE_LENGTH_MAX), value: 'x'.repeat(64), why: 'up to the longest' },
  { written: 'x'.repeat(DIMENSION_VALUE_LENGTH_MAX + 1), value: '(invalid)', why: 'too long' },
  { written: 'caf\u00e9', value: '(invalid)', why: 'not ASCII' },
  { written: 'a\u0007b', value: '(invalid)', why: 'invisible' },
  { written: '(other)', value: '(invalid)', why: 'what looks like a value of ours' },
])('$written is kept as $value: $why', ({ written, value }) => {
  expect(dimensionValue(written)).toBe(value)
})

test('the text of dimensions does not depend on their order, and reads back', () => {
  const text = dimensionsText({ team: 'a\n"b', region: 'eu' })
  expect(text).toBe(dimensionsText({ region: 'eu', team: 'a\n"b' }))
  expect(readDimensions(text)).toEqual({ region: 'eu', team: 'a\n"b' })
  expect([dimensionsText({}), readDimensions('')]).toEqual(['', {}])
})

test('no dimension can have the name of a column or a breakdown of ours', () => {
  for (const by of REPORT_BY) {
    expect(RESERVED_DIMENSIONS).toContain(by)
    for (const column of reportColumns(by)) expect(RESERVED_DIMENSIONS).toContain(column)
  }
})
