import { Config } from '@oclif/core/config'
import { Help } from '@oclif/core/help'
import { COMMANDS } from '../../commands/index.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { debugWanted, processEnvironment, settleShell } from '../config/environment.ts'
import { GatezError } from '../errors/gatez-error.ts'
import { closest } from '../lib/closest.ts'
import { commandOptions, loadAllCommands, loadCommand } from './command-table.ts'
import { reportError, wantsJson } from './report-error.ts'

/**
 * Runs one command line, as `run(['keys', 'list'])`, and sets the exit code of the process.
 *
 * Never throws. Needs no package.json and searches no folder, so it runs from sources, from a bundle
 * and from the single binary alike.
 */
export async function run(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  settleShell()
  try {
    await dispatch(argv)
  } catch (thrown) {
    process.exitCode = reportError(thrown, {
      json: wantsJson(argv),
      debug: debugWanted(processEnvironment()),
    })
  }
}

async function dispatch(argv: readonly string[]): Promise<void> {
  const [first] = argv
  if (first === '--version' || first === '-v' || first === 'version') {
    const { platform, arch, version } = process
    process.stdout.write(`gatez ${packageJson.version} (${platform}-${arch}, node ${version})\n`)
    return
  }

  const wantsHelp = argv.length === 0 || first === 'help' || asksForHelp(argv)
  const words = leadingWords(first === 'help' ? argv.slice(1) : argv)
  const id = commandIdOf(words)
  if (wantsHelp) return showHelp(id ?? topicOf(words))
  if (id === undefined) return refuseUnknown(words, argv)

  const loaded = await loadCommand(id)
  // It is about all commands; the others need not wait until all are loaded.
  const known = id === 'completion' ? await loadAllCommands() : [loaded]
  await loaded.run(argv.slice(id.split(':').length), commandOptions(known))
}

/** The words before the first flag: the command and, perhaps, its arguments. */
function leadingWords(argv: readonly string[]): readonly string[] {
  const end = argv.findIndex((word) => word.startsWith('-'))
  return end === -1 ? argv : argv.slice(0, end)
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end === -1 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h')
}

function commandIdOf(words: readonly string[]): string | undefined {
  for (let length = Math.min(words.length, WORDS_MAX); length > 0; length -= 1) {
    const id = words.slice(0, length).join(':')
    if (Object.hasOwn(COMMANDS, id)) return id
  }
  return undefined
}

const WORDS_MAX = 3

/** The topic the words name; undefined for the root; an unknown one is refused. */
function topicOf(words: readonly string[]): string | undefined {
  const [topic] = words
  if (topic === undefined || (words.length === 1 && isTopic(topic))) return topic
  throw unknownCommand(words)
}

function isTopic(word: string): boolean {
  return Object.keys(COMMANDS).some((id) => id.startsWith(`${word}:`))
}

async function refuseUnknown(words: readonly string[], argv: readonly string[]): Promise<void> {
  const [topic] = words
  if (topic === undefined) {
    const detail = `${argv[0]} stands before the command; flags go after it, as in gatez plans list --json.`
    throw new GatezError('unknown-command', detail)
  }
  // A topic alone is a question, not a mistake.
  if (words.length === 1 && isTopic(topic) && !wantsJson(argv)) return showHelp(topic)
  throw unknownCommand(words)
}

function unknownCommand(words: readonly string[]): GatezError {
  const names = Object.keys(COMMANDS).map((id) => id.replaceAll(':', ' '))
  const wanted = words.slice(0, 2).join(' ')
  const nearest = closest(wanted, names) ?? closest(words[0] ?? '', names)
  const suggestion = nearest === undefined ? '' : `; did you mean gatez ${nearest}?`
  return new GatezError('unknown-command', `there is no gatez ${wanted}${suggestion}`)
}

async function showHelp(subject: string | undefined): Promise<void> {
  const config = await Config.load(commandOptions(await loadAllCommands()))
  await new Help(config).showHelp(subject === undefined ? [] : [subject])
}
