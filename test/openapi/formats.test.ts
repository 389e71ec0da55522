import { expect, test } from 'vitest'
import { bodyFaults } from './document-text.ts'

test.each([
  {
    format: 'date',
    good: ['2024-02-29', '2000-02-29'],
    bad: ['2023-02-29', '1900-02-29', '2024-13-01', '2024-1-1', ''],
  },
  {
    format: 'date-time',
    good: ['2024-02-29T23:59:60Z', '2024-01-01t00:00:00.5+02:00'],
    bad: ['2024-01-01', '2024-01-01T24:00:00Z', '2024-01-01T00:00:00', '2024-02-30T00:00:00Z'],
  },
  {
    format: 'uuid',
    good: ['00000000-0000-0000-0000-00000000000A'],
    bad: ['0', 'g0000000-0000-0000-0000-000000000000'],
  },
  { format: 'email', good: ['a@b.c', 'a+b@localhost'], bad: ['a', 'a@', '@b', 'a@b@c', 'a@b..c', 'a @b'] },
  { format: 'uri', good: ['https://a.b/c?d', 'urn:a:b'], bad: ['/a', 'a b:c', 'https://', 'https://a b'] },
  { format: 'ipv4', good: ['1.2.3.4'], bad: ['1.2.3', '1.2.3.256', '::1'] },
  { format: 'ipv6', good: ['::1', '2001:db8::'], bad: ['1.2.3.4', 'fe80::1%eth0', ':::'] },
  { format: 'int32', good: [2 ** 31 - 1, -(2 ** 31), 'text'], bad: [2 ** 31, 1.5] },
  { format: 'int64', good: [2 ** 53, -(2 ** 63)], bad: [1e20, 0.5] },
  { format: 'double', good: [0.5, 1e300], bad: [] },
])('the format $format is checked', ({ format, good, bad }) => {
  const faultsOf = (value: unknown) => bodyFaults('3.1.0', { format }, value)
  expect(good.filter((value) => faultsOf(value).length > 0)).toEqual([])
  expect(bad.filter((value) => faultsOf(value).length === 0)).toEqual([])
})
