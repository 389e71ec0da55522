import type { Command } from '@oclif/core/command'
import * as Flags from '@oclif/core/flags'
import type { Options, PJSON, Plugin } from '@oclif/core/interfaces'
import { COMMANDS, TOPICS } from '../../commands/index.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { assert } from '../lib/assert.ts'

/** Loads the class of one command, as `keys:create`. */
export async function loadCommand(id: string): Promise<Command.Class> {
  const load = COMMANDS[id]
  assert(load !== undefined, `${id} is in the command table`)
  const { default: loaded } = await load()
  loaded.id = id
  return loaded
}

/** Loads all commands: for the help, which lists them. */
export async function loadAllCommands(): Promise<Command.Class[]> {
  return Promise.all(Object.keys(COMMANDS).map(loadCommand))
}

/**
 * What oclif must know to run these commands, given instead of found.
 *
 * With the one plugin handed over, oclif reads no package.json, no manifest and no user plugins.
 */
export function commandOptions(commands: readonly Command.Class[]): Options {
  const plugin: Plugin = {
    _base: '',
    alias: 'gatez',
    commandIDs: commands.map((command) => command.id),
    commands: commands.map(toLoadable),
    commandsDir: undefined,
    findCommand: loadCommand,
    hasManifest: false,
    hooks: {},
    isRoot: true,
    load: async () => {},
    moduleType: 'module',
    name: 'gatez',
    options: { root: ROOT },
    pjson: PACKAGE,
    root: ROOT,
    topics: Object.entries(TOPICS).map(([name, description]) => ({ name, description })),
    type: 'core',
    valid: true,
    version: packageJson.version,
  }
  return { root: ROOT, pjson: PACKAGE, plugins: new Map([[plugin.name, plugin]]) }
}

// Nothing is ever read from it: it only has to be a path.
const ROOT = '/'

const PACKAGE: PJSON = {
  name: 'gatez',
  version: packageJson.version,
  description: packageJson.description,
  oclif: { bin: 'gatez', dirname: 'gatez', topicSeparator: ' ', additionalHelpFlags: ['-h'] },
}

function toLoadable(command: Command.Class): Command.Loadable {
  const json = Flags.boolean({ description: 'Print JSON.', helpGroup: 'GLOBAL' })
  return {
    aliases: [],
    args: named(command.args),
    description: command.description,
    examples: command.examples,
    flags: named({
      ...command.baseFlags,
      ...command.flags,
      ...(command.enableJsonFlag ? { json } : undefined),
    }),
    hidden: command.hidden,
    hiddenAliases: [],
    id: command.id,
    load: async () => command,
    strict: command.strict,
    summary: command.summary,
    usage: command.usage,
  }
}

// The help prints the name from inside the definition; oclif fills it in only when it reads a manifest.
function named<Definition extends object>(definitions: Readonly<Record<string, Definition>>) {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, { ...definition, name }]),
  )
}
