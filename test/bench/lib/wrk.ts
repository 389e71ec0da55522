import { Child } from './child.ts'

/** What one run of wrk measured. */
export interface Load {
  readonly requestsPerSecond: number
  /** Answers other than 2xx and 3xx, and socket errors. */
  readonly failures: number
  readonly requests: number
}

/** Sends load for `seconds` from `cpu`, over `connections`, as the Lua script says. */
export async function wrk(options: WrkOptions): Promise<Load> {
  const { cpu, connections, seconds, script, port } = options
  const words = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script]
  await using child = Child.start([...words, `http://127.0.0.1:${port}`], { cpu })
  await child.ended
  const { stdout, stderr } = child
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]
  if (rate === undefined) throw new Error(`wrk printed no rate:\n${stdout}${stderr}`)
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(stdout)?.[1] ?? 0)
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout)
  const broken = (socket?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), 0)
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0)
  return { requestsPerSecond: Number(rate), failures: refused + broken, requests }
}

export interface WrkOptions {
  readonly cpu: number
  readonly connections: number
  readonly seconds: number
  readonly script: string
  readonly port: number
}

/** The values below which a quarter, a half and three quarters lie. */
export function quartiles(values: readonly number[]): readonly number[] {
  const sorted = [...values].sort((left, right) => left - right)
  return [0.25, 0.5, 0.75].map((part) => sorted[Math.floor(sorted.length * part)] ?? Number.NaN)
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
