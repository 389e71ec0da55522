import type { Command } from '@oclif/core/command'
import { bashScript } from './bash.ts'
import { commandWords, nextWords, type TopicWords } from './command-words.ts'
import { fishScript } from './fish.ts'
import { zshScript } from './zsh.ts'

/** Shells gatez can be completed in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** The script that teaches a shell these commands, their flags and choices. It runs no gatez itself. */
export function completionScript(shell: (typeof SHELLS)[number], known: KnownCommands): string {
  const commands = commandWords(known.commands)
  return SCRIPTS[shell](commands, nextWords(commands, known.topics))
}

/** As oclif has them in `this.config`. */
export interface KnownCommands {
  readonly commands: readonly Command.Loadable[]
  readonly topics: readonly TopicWords[]
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const
