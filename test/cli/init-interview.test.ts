import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { InitAnswers } from '../../src/cli/init-answers.ts'
import { interview } from '../../src/cli/init-interview.ts'

const DOWN = '\u001b[B'
const CLEAR = '\u0015'

/** Types what belongs to each question as soon as it is asked; returns the answers and what was shown. */
async function hold(given: InitAnswers, typed: Readonly<Record<string, string>>) {
  const input = new PassThrough()
  // Each question ends its output, which a terminal does not mind.
  const output = Object.assign(new PassThrough(), { end: () => {} })
  const asked: string[] = []
  let shown = ''
  let seen = 0
  output.on('data', (chunk) => {
    shown += chunk
    const text = stripVTControlCharacters(shown)
    for (const [question, keys] of Object.entries(typed)) {
      if (asked.includes(question) || !text.slice(seen).includes(`? ${question}`)) continue
      asked.push(question)
      seen = text.length
      setImmediate(() => input.write(keys))
    }
  })
  const answers = await interview(given, { input, output })
  return { answers, asked, shown: stripVTControlCharacters(shown) }
}

const STAND = 'What shall stand behind gatez?'
const WHERE = 'Where is your API?'
const LISTEN = 'On which address'
const PLANS = 'Which plans'
const CALLED = 'What is it called?'
const NAMES = 'What are they called'

test('Enter all the way gives the sample, as --yes does', async () => {
  const { answers } = await hold({}, { [STAND]: '\r', [LISTEN]: '\r' })
  expect(answers).toMatchObject({ template: 'dataforge', upstream: undefined, listen: '127.0.0.1:8080' })
})

test('for an API of your own it asks where that is, and for its plans', async () => {
  const { answers, asked } = await hold(
    {},
    {
      [STAND]: `${DOWN}\r`,
      [WHERE]: 'http://127.0.0.1:3000\r',
      [LISTEN]: '\r',
      [PLANS]: `${DOWN}\r`,
      [NAMES]: `${CLEAR}Basic, Plus, Max\r`,
    },
  )
  expect(asked).toEqual([STAND, WHERE, LISTEN, PLANS, NAMES])
  expect(answers).toMatchObject({
    template: 'minimal',
    upstream: 'http://127.0.0.1:3000',
    listen: '127.0.0.1:8080',
    preset: 'apikeys-guide',
    planNames: ['Basic', 'Plus', 'Max'],
  })
})

test('what a flag says is not asked', async () => {
  const given = { template: 'minimal', upstream: 'http://127.0.0.1:3000', preset: 'top50' } as const
  const { answers, asked, shown } = await hold(given, { [LISTEN]: '\r', [NAMES]: '\r' })
  expect(asked).toEqual([LISTEN, NAMES])
  expect(shown).not.toContain(STAND)
  expect(answers).toMatchObject({ ...given, planNames: undefined })
})

test('when the API has the port that gatez takes, another is offered', async () => {
  const given = { template: 'minimal', upstream: 'http://localhost:8080' } as const
  const { answers } = await hold(given, { [LISTEN]: '\r', [PLANS]: '\r', [CALLED]: '\r' })
  expect(answers).toMatchObject({ listen: '127.0.0.1:8090', preset: undefined, planNames: undefined })
})

describe('an answer that will not do is told at once, and asked again:', () => {
  test.each([
    ['localhost:3000', 'did you mean http://localhost:3000?'],
    ['ftp://x', 'Must be a URL such as http://127.0.0.1:9000, is "ftp://x"'],
  ])('%s', async (wrong, told) => {
    const { answers, shown } = await hold(
      { template: 'minimal', preset: 'top50', planNames: ['a', 'b', 'c'], listen: '127.0.0.1:0' },
      { [WHERE]: `${wrong}\r`, [`${WHERE} ${wrong}\n> `]: `${CLEAR}http://x.test\r` },
    )
    expect(shown.replaceAll(/\s+/g, ' ')).toContain(told)
    expect(answers).toMatchObject({ upstream: 'http://x.test' })
  })
})

test.each([
  ['Ctrl-C', '\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s breaks it off', async (_, keys) => {
  expect((await hold({}, { [STAND]: keys })).answers).toBeUndefined()
})

test('a terminal that goes away breaks it off', async () => {
  const input = new PassThrough()
  const held = interview({}, { input, output: new PassThrough().resume() })
  input.end()
  expect(await held).toBeUndefined()
})
