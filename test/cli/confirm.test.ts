import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { type Confirmation, confirm } from '../../src/cli/confirm.ts'

/** A terminal, or a pipe, with what will be typed. */
function terminal({ typed = '', isTTY = true, closes = false } = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY })
  if (closes) stdin.end()
  else stdin.write(`${typed}\n`)
  return { stdin, stderr, shown: () => String(stderr.read() ?? '') }
}

const question: Confirmation = { what: 'Acme will be deleted.', yes: false, json: false }

test.each(['y', 'Y', 'yes', ' y '])('%j goes on', async (typed) => {
  const place = terminal({ typed })
  await confirm(question, place)
  expect(place.shown()).toContain('Acme will be deleted.\nGo on? [y/N] ')
})

test.each(['', 'n', 'no', 'yess', 'acme'])('%j does not', async (typed) => {
  await expect(confirm(question, terminal({ typed }))).rejects.toMatchObject({
    code: 'not-confirmed',
    message: 'Nothing was changed.',
  })
})

test('where more is at stake the word itself must be typed', async () => {
  const asked = { ...question, typed: 'acme' }
  const place = terminal({ typed: 'acme' })
  await confirm(asked, place)
  expect(place.shown()).toContain('Type acme to go on: ')
  for (const typed of ['y', 'Acme', 'acme2']) {
    await expect(confirm(asked, terminal({ typed }))).rejects.toMatchObject({ code: 'not-confirmed' })
  }
})

test('the end of input is no yes, and waits for nobody', async () => {
  await expect(confirm(question, terminal({ closes: true }))).rejects.toMatchObject({ code: 'not-confirmed' })
})

test('with --yes nothing is asked', async () => {
  const place = terminal({ isTTY: false })
  await confirm({ ...question, yes: true }, place)
  expect(place.shown()).toBe('')
})

test.each([
  { why: 'there is no terminal', isTTY: false, json: false },
  { why: 'a script reads JSON', isTTY: true, json: true },
])('where $why it is refused, and --yes is named', async ({ isTTY, json }) => {
  const place = terminal({ typed: 'y', isTTY })
  await expect(confirm({ ...question, json }, place)).rejects.toMatchObject({
    code: 'not-confirmed',
    message: 'Acme will be deleted. This needs --yes where there is no terminal to ask.',
  })
  expect(place.shown()).toBe('')
  await confirm({ ...question, json, unattended: 'go-on' }, place)
})
