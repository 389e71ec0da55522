import type { CommandWords, NextWord } from './command-words.ts'

/** A script that completes gatez in bash 3.2 and later, without any program but bash itself. */
export function bashScript(
  commands: readonly CommandWords[],
  next: ReadonlyMap<string, readonly NextWord[]>,
): string {
  return `# Completion of gatez for bash. Load it with: source <(gatez completion bash)
_gatez() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD - 1]}"
  local path='' args=0 flag='' index word words='' values=''
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ -n $flag ]]; then flag=''; continue; fi
    case "$path $word" in
${commands.flatMap(valueFlags).join('\n')}
      *' -'*) ;;
${[...next].flatMap(([before, words]) => words.map(({ word }) => descend(before, word))).join('\n')}
      *) args=$((args + 1)) ;;
    esac
  done
  case "$path $prev" in
${commands.flatMap(flagValues).join('\n')}
  esac
  if [[ -n $flag ]]; then
    if [[ $values == '<path>' ]]; then COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null
    elif [[ -n $values ]]; then COMPREPLY=($(compgen -W "$values" -- "$cur")); fi
    return
  fi
  case "$path" in
${[...next].map(([before, words]) => `    '${before}') words='${words.map(({ word }) => word).join(' ')}' ;;`).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case "$path" in
${commands.map(({ words, flags }) => `      '${words}') words='${flags.map(({ name }) => name).join(' ')}' ;;`).join('\n')}
      *) words='--help' ;;
    esac
  elif [[ -z $words ]]; then
    case "$path $args" in
${commands.flatMap(argValues).join('\n')}
      *) COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null; return ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _gatez gatez
`
}

/** Flags whose next word is theirs. */
function valueFlags({ words, flags }: CommandWords): readonly string[] {
  const names = flags.filter((flag) => flag.takesValue).map((flag) => `'${words} ${flag.name}'`)
  return names.length === 0 ? [] : [`      ${names.join('|')}) flag="$word" ;;`]
}

function descend(before: string, word: string): string {
  return `      '${before} ${word}') path='${before === '' ? word : `${before} ${word}`}' ;;`
}

function flagValues({ words, flags }: CommandWords): readonly string[] {
  return flags
    .filter((flag) => flag.choices.length > 0 || flag.isPath)
    .map(
      (flag) => `    '${words} ${flag.name}') values='${flag.isPath ? '<path>' : flag.choices.join(' ')}' ;;`,
    )
}

function argValues({ words, args }: CommandWords): readonly string[] {
  return args.flatMap((choices, index) =>
    choices.length === 0 ? [] : [`      '${words} ${index}') words='${choices.join(' ')}' ;;`],
  )
}
