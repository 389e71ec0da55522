import type { SourceFile } from './source-files.ts'

interface Rule {
  readonly what: RegExp
  readonly only: readonly string[]
  readonly why: string
}

const RULES: readonly Rule[] = [
  {
    what: /\bDate\.now\b|\bnew Date\(\s*\)|\bDate\(\s*\)|\bperformance\.(?:now|timeOrigin)\b|\bhrtime\b|\bTemporal\.Now\b/,
    only: ['src/lib/clock.ts'],
    why: 'only src/lib/clock.ts reads the time',
  },
  {
    // Handing the whole environment to src/config is how it gets there; reading one variable is reading it.
    what: /\bprocess\.env\s*(?:\.|\[|\?)|\}\s*=\s*process\.env\b|\.\.\.process\.env\b|\bprocess\[|\benv\b[^'\n]*\bfrom\s+['"](?:node:)?process/,
    only: ['src/config/'],
    why: 'only src/config reads the environment',
  },
  {
    what: /\bprocess\.env\b/,
    only: ['src/config/', 'src/app.ts', 'src/cli/'],
    why: 'only src/app.ts and src/cli hand the environment to src/config',
  },
]

/** What a file reads that only one place may read, as sentences with the line. */
export function strayReads(file: SourceFile): readonly string[] {
  return RULES.filter((rule) => !rule.only.some((place) => file.path.startsWith(place))).flatMap((rule) =>
    file.code
      .split('\n')
      .flatMap((line, index) => (rule.what.test(line) ? [`${file.path}:${index + 1} ${rule.why}`] : [])),
  )
}
