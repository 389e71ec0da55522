import * as Flags from '@oclif/core/flags'

/** The flag of every command that asks before it goes on. */
export const YES_FLAG = Flags.boolean({
  description: 'Do not ask: for scripts, where nobody can answer.',
  char: 'y',
})
