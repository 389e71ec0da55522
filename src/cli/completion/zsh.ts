import type { CommandWords, NextWord } from './command-words.ts'

/** A script that completes gatez in zsh, with a word of help beside each choice. */
export function zshScript(
  commands: readonly CommandWords[],
  next: ReadonlyMap<string, readonly NextWord[]>,
): string {
  return `#compdef gatez
# Completion of gatez for zsh. Load it with: source <(gatez completion zsh)
_gatez() {
  local command='' word index
  local -a choices
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    case "$command $word" in
${[...next].flatMap(([before, words]) => words.map(({ word }) => descend(before, word))).join('\n')}
    esac
  done
  case "$command" in
${[...next].map(([before, words]) => choicesOf(before, words)).join('\n')}
${commands.map(flagsOf).join('\n')}
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _gatez gatez
`
}

function descend(before: string, word: string): string {
  return `      '${before} ${word}') command='${before === '' ? word : `${before} ${word}`}' ;;`
}

function choicesOf(before: string, words: readonly NextWord[]): string {
  const lines = words.map(({ word, description }) => `        ${quoted(`${word}:${description}`)}`)
  return `    '${before}')
      choices=(
${lines.join('\n')}
      )
      _describe 'command' choices ;;`
}

function flagsOf({ words, flags, args }: CommandWords): string {
  const lines = flags.map((flag) => {
    const { name, description, takesValue, choices, isPath } = flag
    const value = !takesValue
      ? ''
      : `:value:${isPath ? '_files' : choices.length ? `(${choices.join(' ')})` : ''}`
    return `        ${quoted(`${name}${takesValue ? '=' : ''}[${bracketed(description)}]${value}`)}`
  })
  const first = words.split(' ').length + 1
  const rest = args.map((choices, index) =>
    quoted(`${first + index}:argument:${choices.length ? `(${choices.join(' ')})` : '_files'}`),
  )
  const lead = Array.from({ length: first - 1 }, (_, index) => quoted(`${index + 1}: :`))
  return `    '${words}')
      _arguments \\
${[...lines, ...[...lead, ...rest].map((each) => `        ${each}`)].join(' \\\n')} ;;`
}

function bracketed(text: string): string {
  return text.replaceAll('[', '(').replaceAll(']', ')').replaceAll(':', '\\:')
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
