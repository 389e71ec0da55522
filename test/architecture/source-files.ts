import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The folder of package.json. */
export const ROOT: string = join(import.meta.dirname, '../..')

export interface SourceFile {
  /** From the root, with slashes: `src/lib/clock.ts`. */
  readonly path: string
  readonly text: string
  /** The text with comments, strings and regular expressions blanked out, line by line the same. */
  readonly code: string
  /** What it imports or re-exports: paths from the root for our files, names for packages. */
  readonly imports: readonly string[]
}

/** All TypeScript of the given folders of the root. */
export function sourceFiles(...folders: readonly string[]): readonly SourceFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => readSource(relative(ROOT, join(entry.parentPath, entry.name)))),
  )
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const code = codeOf(path, text)
  return { path, text, code, imports: importsOf(path, text, code) }
}

/** A few words of TypeScript at `path`, for tests of the tests. */
export function sourceFrom(path: string, text: string): SourceFile {
  const code = codeOf(path, text)
  return { path, text, code, imports: importsOf(path, text, code) }
}

// Specifiers are read from the text, but only where the blanked code has a string after the word.
const IMPORT = /(?:\bfrom|\bimport\s*\(|\bimport)\s*(['"])([^'"]+)\1/g

function importsOf(path: string, text: string, code: string): readonly string[] {
  return [...text.matchAll(IMPORT)]
    .filter((match) => /^(?:from|import)/.test(code.slice(match.index)))
    .map((match) => match[2]!)
    .map((specifier) => (specifier.startsWith('.') ? join(dirname(path), specifier) : specifier))
}

const EARLY_IMPORT = /^(?:import|export)\b(?! type\b)[^'"]*?from\s+'([^']+)'/gm

/** What is loaded before anything of a file runs, as written: no types, and nothing that is loaded when it is called for. */
export function earlyImports({ text }: SourceFile): readonly string[] {
  return [...text.matchAll(EARLY_IMPORT)].map(([, target]) => target ?? '')
}

/** In pages the words between two tags are no code either. */
function codeOf(path: string, text: string): string {
  if (!path.endsWith('.tsx')) return blankLiterals(text)
  const worded = text.replace(/(?<=(?<!=)>)[^<>{}()=;]*(?=[<{])|(?<=\})[^<>{}()=;]*(?=<\/)/g, (words) =>
    words.replace(/[^\n]/g, ' '),
  )
  return blankLiterals(worded)
}

// One pass over the alternatives keeps a quote inside a comment from opening a string, and the other way
// round. A slash begins a regular expression where a value may begin, else it divides.
const LITERAL =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|(?<=[=(,:?!&|[{;]\s*|\breturn\s+|^\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/gm

function blankLiterals(text: string): string {
  return text.replace(LITERAL, (literal) => {
    const quote = literal[0]!
    const blank = (part: string) => part.replace(/[^\n]/g, ' ')
    if (quote === '`') return `\`${blankTemplate(literal.slice(1, -1))}\``
    return quote === "'" || quote === '"' ? quote + blank(literal.slice(1, -1)) + quote : blank(literal)
  })
}

/** Keeps the code in `${…}`: it may read the time as well as any other. */
function blankTemplate(body: string): string {
  return body.replace(/\$\{([^}]*)\}|[^\n]/g, (_piece, inner: string | undefined) =>
    inner === undefined ? ' ' : `\${${inner}}`,
  )
}
