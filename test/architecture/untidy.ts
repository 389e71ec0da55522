import type { SourceFile } from './source-files.ts'

/** What a file does against the style guide, as sentences with the line; none when it is tidy. */
export function untidy(file: SourceFile): readonly string[] {
  const text = file.text.split('\n')
  return file.code.split('\n').flatMap((line, index) => {
    const found = [
      castIn(line, file.path) ? 'casts: only `as const` is allowed' : undefined,
      markIn(text[index]!),
      EXPORT.test(line) && !documented(text, index) ? 'exports without a doc comment' : undefined,
    ]
    return found.filter((what) => what !== undefined).map((what) => `${file.path}:${index + 1} ${what}`)
  })
}

// Types and interfaces explain themselves by their fields; what does something must say what it promises.
const EXPORT = /^export (?:abstract |async )*(?:function|class)\b/

function castIn(code: string, path: string): boolean {
  if (/^\s*(?:import|export)\b.*\bas\b/.test(code) || /^\s*(?:type )?\w+ as \w+,$/.test(code)) return false
  if (/(?<![.\w$])as\s+(?!const\b)[\w{([]/.test(code)) return true
  // In pages, what stands in angle brackets is a tag: the compiler takes no cast for one there.
  return !path.endsWith('.tsx') && /[=(,:?]\s*<[A-Z{[\w.]*>\s*[\w({[]/.test(code)
}

function markIn(text: string): string | undefined {
  if (/\b(?:TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/.test(text)) return 'has a mark without the number of an issue'
  if (/\bbiome-ignore\b|@ts-(?:ignore|expect-error|nocheck)\b/.test(text)) return 'switches a rule off'
  return undefined
}

function documented(text: readonly string[], index: number): boolean {
  let above = index - 1
  while (/^@\w/.test(text[above] ?? '')) above -= 1
  return /\*\/\s*$/.test(text[above] ?? '')
}
