import type { Command } from '@oclif/core/command'

/** Every command with its arguments and flags, one a line, in a form that reads well in a diff. */
export function cliSurface(commands: readonly Command.Class[]): string {
  const blocks = commands
    .toSorted((one, other) => (one.id < other.id ? -1 : 1))
    .map((command) => [
      `gatez ${command.id.replaceAll(':', ' ')}`,
      ...argLines(command),
      ...flagLines(command),
    ])
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function argLines(command: Command.Class): readonly string[] {
  return Object.entries(command.args).map(([name, arg]) => {
    const several = command.strict ? [] : ['…']
    const words = [
      name.toUpperCase(),
      ...several,
      arg.required ? 'required' : 'optional',
      ...choices(arg.options),
    ]
    return `  ${words.join(' ')}`
  })
}

function flagLines(command: Command.Class): readonly string[] {
  const flags = Object.entries({ ...command.baseFlags, ...command.flags })
  const json = command.enableJsonFlag ? ['  --json'] : []
  const others = flags
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, flag]) => {
      const names = flag.char === undefined ? `--${name}` : `--${name} -${flag.char}`
      const value = flag.type === 'boolean' ? [] : [flag.helpValue ?? 'VALUE', ...choices(flag.options)]
      const marks = [
        ...(flag.required ? ['required'] : []),
        ...(flag.type === 'option' && flag.multiple ? ['multiple'] : []),
        ...(typeof flag.default === 'string' || typeof flag.default === 'number'
          ? [`default ${flag.default}`]
          : []),
      ]
      return `  ${[names, ...value, ...marks].join(' ')}`
    })
  return [...others, ...json]
}

function choices(options: readonly string[] | undefined): readonly string[] {
  return options === undefined ? [] : [`(${options.join('|')})`]
}
