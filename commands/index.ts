import type { Command } from '@oclif/core/command'

/**
 * Every command of gatez, by its words joined with colons.
 *
 * Each is loaded when it is called, so that one command does not pay for all. The list is explicit
 * because a bundle has no folder to search.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {}

/** What the help says of each group of commands. */
export const TOPICS: Readonly<Record<string, string>> = {
  config: 'Check the configuration file.',
  keys: 'API keys: create, request, approve, reveal, revoke.',
  plans: 'The plans in force.',
  tenants: 'Customer organisations and their plans.',
  usage: 'What was used: reports and exports.',
}

export interface CommandModule {
  readonly default: Command.Class
}
