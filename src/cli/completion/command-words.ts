import type { Command } from '@oclif/core/command'

/** What a shell must know of a command to complete its line. */
export interface CommandWords {
  /** As `keys create`. */
  readonly words: string
  readonly summary: string
  readonly flags: readonly FlagWords[]
  /** For each argument the words it can be; empty where anything may stand. */
  readonly args: readonly (readonly string[])[]
}

export interface FlagWords {
  /** With its dashes. */
  readonly name: string
  readonly description: string
  readonly takesValue: boolean
  /** What its value can be; empty where anything may stand. */
  readonly choices: readonly string[]
  /** Whether its value is the path of a file or folder. */
  readonly isPath: boolean
}

/** A word that may stand at some place of a command line, and what it leads to. */
export interface NextWord {
  readonly word: string
  readonly description: string
}

/** A first word that several commands share. */
export interface TopicWords {
  readonly name: string
  readonly description?: string | undefined
}

/** What shells complete, of all commands that are not hidden, in the order of their words. */
export function commandWords(commands: readonly Command.Loadable[]): readonly CommandWords[] {
  return commands
    .filter((command) => !command.hidden)
    .map((command) => ({
      words: command.id.replaceAll(':', ' '),
      summary: plain(command.summary ?? ''),
      flags: flagWords(command),
      args: Object.values(command.args).map((arg) => arg.options ?? []),
    }))
    .toSorted((one, other) => (one.words < other.words ? -1 : 1))
}

/** The first words of all commands, and for each topic its second words, under the words before them. */
export function nextWords(
  commands: readonly CommandWords[],
  topics: readonly TopicWords[],
): ReadonlyMap<string, readonly NextWord[]> {
  const next = new Map<string, NextWord[]>()
  for (const { words, summary } of commands) {
    const parts = words.split(' ')
    for (const [index, word] of parts.entries()) {
      const before = parts.slice(0, index).join(' ')
      const known = next.get(before) ?? []
      next.set(before, known)
      if (known.some((each) => each.word === word)) continue
      const description =
        index === parts.length - 1
          ? summary
          : plain(topics.find(({ name }) => name === word)?.description ?? '')
      known.push({ word, description })
    }
  }
  return next
}

function flagWords(command: Command.Loadable): readonly FlagWords[] {
  const flags = Object.entries(command.flags)
    .filter(([, flag]) => !flag.hidden)
    .map(([name, flag]) => ({
      name: `--${name}`,
      description: plain(flag.description ?? ''),
      takesValue: flag.type === 'option',
      choices: flag.type === 'option' ? (flag.options ?? []) : [],
      isPath: flag.type === 'option' && PATH_VALUES.includes(flag.helpValue ?? ''),
    }))
  const help = { name: '--help', description: 'Show help.', takesValue: false, choices: [], isPath: false }
  return [...flags, help]
}

const PATH_VALUES: readonly (string | readonly string[])[] = ['FILE', 'DIR', 'PATH']

/** Without what oclif fills in and what would end a line. */
function plain(text: string): string {
  return text.replaceAll('<%= config.bin %>', 'gatez').replaceAll(/\s+/g, ' ').trim()
}
