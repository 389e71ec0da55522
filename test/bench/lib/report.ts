/** One figure of a measurement and what it is held against. */
export interface Figure {
  readonly what: string
  readonly measured: string
  /** What it must be; empty = it only informs. */
  readonly bar: string
  /** Undefined when it only informs; undecided when noise is larger than what is asked. */
  readonly met?: boolean | 'undecided' | undefined
}

/** A figure that must not be above `max`. */
export function atMost(what: string, value: number, max: number, unit: string, digits = 2): Figure {
  const met = value <= max
  return { what, measured: `${value.toFixed(digits)}${unit}`, bar: `<= ${max}${unit}`, met }
}

/** A figure that is held against nothing. */
export function informs(what: string, measured: string): Figure {
  return { what, measured, bar: '' }
}

/** Prints one small table; returns whether no bar was missed. */
export function report(title: string, figures: readonly Figure[]): boolean {
  console.log(`\n${title}\n`)
  const rows = figures.map(({ what, measured, bar, met }) => [what, measured, bar, verdict(met)])
  const all = [['figure', 'measured', 'bar', ''], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0), 3))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  console.log([line(all[0] ?? []), rule, ...rows.map(line)].join('\n'))
  return figures.every(({ met }) => met !== false)
}

function verdict(met: Figure['met']): string {
  if (met === undefined) return ''
  if (met === 'undecided') return met
  return met ? 'met' : 'MISSED'
}
