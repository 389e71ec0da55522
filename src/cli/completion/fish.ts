import type { CommandWords, NextWord } from './command-words.ts'

/** A script that completes gatez in fish, with a word of help beside each choice. */
export function fishScript(
  commands: readonly CommandWords[],
  next: ReadonlyMap<string, readonly NextWord[]>,
): string {
  return `# Completion of gatez for fish. Load it with: gatez completion fish | source
function __gatez_at
  set -l words (commandline -opc | string match --invert --regex '^-')
  test "$words[2..]" = "$argv"
end
function __gatez_in
  set -l words (commandline -opc | string match --invert --regex '^-')
  string match --quiet -- "$argv *" "$words[2..] "
end
complete -c gatez -f
${[...next].flatMap(([before, words]) => words.map((each) => wordLine(before, each))).join('\n')}
${commands.flatMap(flagLines).join('\n')}
`
}

function wordLine(before: string, { word, description }: NextWord): string {
  const place = before === '' ? '__gatez_at' : `__gatez_at ${before}`
  return `complete -c gatez -n '${place}' -a ${word} -d ${quoted(description)}`
}

function flagLines({ words, flags }: CommandWords): readonly string[] {
  return flags.map(({ name, description, takesValue, choices, isPath }) => {
    const value = !takesValue
      ? ''
      : isPath
        ? ' -rF'
        : choices.length
          ? ` -xa ${quoted(choices.join(' '))}`
          : ' -x'
    return `complete -c gatez -n '__gatez_in ${words}' -l ${name.slice(2)}${value} -d ${quoted(description)}`
  })
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
