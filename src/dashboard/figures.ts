/** A whole number with commas between thousands. */
export function grouped(number: number): string {
  return String(Math.round(number)).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

/** A number in few letters, as 950, 14.2K, 3.1M: never more than it is. */
export function short(number: number): string {
  for (const [unit, letter] of UNITS) {
    if (number < unit) continue
    const whole = number / unit
    return `${whole >= 100 ? Math.floor(whole) : Math.floor(whole * 10) / 10}${letter}`
  }
  return String(Math.round(number))
}

const UNITS = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'K'],
] as const

/** Milliseconds with as many digits as say something. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '–'
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 100 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`
}

const BARS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** A bar that is full at 100; any use at all shows, and only all of it fills it. */
export function bar(percent: number, cells: number): string {
  const share = Math.min(100, Math.max(0, percent)) / 100
  const full =
    share >= 1 ? cells : Math.min(cells - 1, Math.max(share > 0 ? 1 : 0, Math.round(share * cells)))
  return '█'.repeat(full) + '░'.repeat(cells - full)
}

/** How many whole percent `part` is of `whole`; 100 of nothing when there is any. */
export function percentOf(part: number, whole: number): number {
  if (whole <= 0) return part > 0 ? 100 : 0
  return Math.floor((part * 100) / whole)
}

/** The numbers as columns, so many lines high, the last ones that have room in `cells`; the highest line first. */
export function chart(numbers: readonly number[], cells: number, height: number): readonly string[] {
  const shown = numbers.slice(-cells)
  const most = Math.max(...shown, 1)
  const eighths = shown.map((number) =>
    number <= 0 ? 0 : Math.max(1, Math.round((number / most) * height * 8)),
  )
  return Array.from({ length: height }, (_, place) => {
    const below = (height - 1 - place) * 8
    return eighths.map((high) => BARS[Math.min(8, Math.max(0, high - below))] ?? ' ').join('')
  })
}
