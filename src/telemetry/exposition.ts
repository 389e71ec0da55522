import { BOUNDS_MS, type Histogram } from './traffic.ts'

/**
 * Writes metrics in the text format of Prometheus (0.0.4).
 *
 * By hand: what is counted lies in shared memory, and a library that counts itself would have to be filled
 * from there at each look. `promtool check metrics` is content with it (test/telemetry).
 */
export class Exposition {
  readonly #lines: string[] = []

  /** A number that only grows. */
  counter(name: string, help: string, samples: readonly Sample[] | number): void {
    this.#family(name, help, 'counter', samples)
  }

  /** A number as it is now. */
  gauge(name: string, help: string, samples: readonly Sample[] | number): void {
    this.#family(name, help, 'gauge', samples)
  }

  /** Measured in milliseconds, told in seconds. */
  histogram(name: string, help: string, { buckets, count, sumMs }: Histogram): void {
    this.#head(name, help, 'histogram')
    let below = 0
    for (const [index, bound] of BOUNDS_MS.entries()) {
      below += buckets[index] ?? 0
      this.#lines.push(`${name}_bucket{le="${bound / 1_000}"} ${below}`)
    }
    this.#lines.push(`${name}_bucket{le="+Inf"} ${count}`)
    this.#lines.push(`${name}_sum ${sumMs / 1_000}`, `${name}_count ${count}`)
  }

  /** All of it, a family after the other. */
  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #family(name: string, help: string, type: string, samples: readonly Sample[] | number): void {
    this.#head(name, help, type)
    const all = typeof samples === 'number' ? [{ value: samples }] : samples
    for (const { labels = {}, value } of all) {
      const written = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
      this.#lines.push(`${name}${written.length === 0 ? '' : `{${written.join(',')}}`} ${value}`)
    }
  }

  #head(name: string, help: string, type: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
  }
}

/** One value of a family. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
