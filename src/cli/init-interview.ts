import { input, select } from '@inquirer/prompts'
import { type Preset, planNamesProblem, presetNames } from '../config/presets.ts'
import { checkedAddresses, checkedListen, checkedUpstream } from '../config/upstream-config.ts'
import type { Template } from '../config/write-template.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { defaultTemplate, type InitAnswers, isOwnApi } from './init-answers.ts'

/**
 * Asks what `gatez init` should write; what is `given` already is not asked.
 *
 * Enter all the way gives what `--yes` gives. Undefined when the user broke off: Ctrl-C, Ctrl-D, or a
 * terminal that went away.
 */
export async function interview(
  given: InitAnswers,
  { input, output }: Streams = { input: process.stdin, output: process.stdout },
): Promise<InitAnswers | undefined> {
  const brokenOff = new AbortController()
  const end = (): void => brokenOff.abort()
  const key = (_: string, pressed: { readonly ctrl?: boolean; readonly name?: string }): void => {
    // A prompt whose input has ended would wait for ever.
    if (pressed.ctrl === true && pressed.name === 'd') end()
  }
  input.on('end', end).on('keypress', key)
  try {
    return await ask(given, { input, output, signal: brokenOff.signal })
  } catch (error) {
    if (error instanceof Error && BROKEN_OFF.includes(error.name)) return undefined
    throw error
  } finally {
    input.off('end', end).off('keypress', key)
  }
}

/** What an interview is held on: the terminal, but in tests. */
export interface Streams {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
}

const BROKEN_OFF: readonly string[] = ['ExitPromptError', 'AbortPromptError']

interface Terminal extends Streams {
  readonly signal: AbortSignal
}

async function ask(given: InitAnswers, terminal: Terminal): Promise<InitAnswers> {
  const template = given.template ?? (await askTemplate(given, terminal))
  const isOwn = isOwnApi(template)
  const upstream = given.upstream ?? (isOwn ? await askUpstream(terminal) : undefined)
  const listen = given.listen ?? (await askListen(upstream, terminal))
  if (!isOwn) return { ...given, template, upstream, listen }

  const preset = given.preset ?? (await askPreset(terminal))
  const planNames = given.planNames ?? (await askPlanNames(preset, terminal))
  return { ...given, template, upstream, listen, preset, planNames }
}

function askTemplate(given: InitAnswers, terminal: Terminal): Promise<Template> {
  return select<Template>(
    {
      message: 'What shall stand behind gatez?',
      default: defaultTemplate(given),
      choices: [
        {
          value: 'dataforge',
          name: 'a sample API, to look around',
          description: 'DataForge, in three tiers',
        },
        { value: 'minimal', name: 'my own API', description: 'One api and its plans, in 17 lines' },
        {
          value: 'llm',
          name: 'a language model',
          description: 'Sold by the token; with a fake model to try it',
        },
        {
          value: 'production',
          name: 'my own API, on a server',
          description: 'For one node behind a TLS proxy, with a unit for systemd',
        },
      ],
    },
    terminal,
  )
}

function askUpstream(terminal: Terminal): Promise<string> {
  return input(
    {
      message: 'Where is your API?',
      default: 'http://127.0.0.1:9000',
      validate: (text) => complaint(() => checkedUpstream(text)),
    },
    terminal,
  )
}

function askListen(upstream: string | undefined, terminal: Terminal): Promise<string> {
  const { listen } = checkedAddresses({ upstream, listen: undefined })
  return input(
    {
      message: 'On which address shall your clients call gatez?',
      default: listen ?? '127.0.0.1:8080',
      validate: (text) =>
        complaint(() => {
          checkedListen(text)
          checkedAddresses({ upstream, listen: text })
        }),
    },
    terminal,
  )
}

async function askPreset(terminal: Terminal): Promise<Preset | undefined> {
  const chosen = await select<Preset | 'one'>(
    {
      message: 'Which plans shall it begin with?',
      default: 'one',
      choices: [
        { value: 'one', name: 'one', description: '60 calls a minute' },
        {
          value: 'apikeys-guide',
          name: 'three, by minute and by day',
          description: 'Free 60/min and 1,000/day, Pro 600/min and 50,000/day, Enterprise 6,000/min',
        },
        {
          value: 'top50',
          name: 'three, by minute',
          description: 'Free 100, Basic 1,000, Premium 10,000 in any 60 seconds',
        },
      ],
    },
    terminal,
  )
  return chosen === 'one' ? undefined : chosen
}

/** Undefined when the names are those it has anyway. */
async function askPlanNames(
  preset: Preset | undefined,
  terminal: Terminal,
): Promise<readonly string[] | undefined> {
  const names = presetNames(preset).join(', ')
  const written = await input(
    {
      message: preset === undefined ? 'What is it called?' : 'What are they called, the smallest first?',
      default: names,
      validate: (text) => planNamesProblem(preset, namesIn(text)) ?? true,
    },
    terminal,
  )
  return written === names ? undefined : namesIn(written)
}

function namesIn(text: string): readonly string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

// What a wrong flag says, without the name of the flag.
function complaint(check: () => unknown): string | true {
  try {
    check()
    return true
  } catch (error) {
    if (!(error instanceof GatezError)) throw error
    return error.message
      .replaceAll(/^--\w+ | with --listen/g, '')
      .replace(/^./, (first) => first.toUpperCase())
  }
}
