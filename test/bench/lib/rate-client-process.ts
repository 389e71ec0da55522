// Well-behaved clients: node rate-client-process.ts <RateLoad[] as JSON>, told `begin` and `end`.
import { connect, type Socket } from 'node:net'
import { systemClock } from '../../../src/lib/clock.ts'
import { AnswerParser } from '../../support/answer-parser.ts'
import type { RateFigures, RateLoad } from './rate-client.ts'

/** One load: its connections, and the calls that are due. */
class Calls {
  readonly #load: RateLoad
  readonly #requests: readonly string[]
  readonly #idle: Line[] = []
  #due: number[] = []
  #underWay = new Set<Line>()
  #startMs = 0
  #made = 0
  #calls: Timed[] = []
  #statuses: Record<string, number> = {}
  #broken = 0

  constructor(load: RateLoad) {
    this.#load = load
    this.#requests = requestsOf(load)
    for (let index = 0; index < load.connections; index += 1) this.#connect()
  }

  get connected(): boolean {
    return this.#idle.length + this.#underWay.size >= this.#load.connections
  }

  begin(): void {
    this.#startMs = systemClock.monotonicMs()
    this.#made = 0
    this.#calls = []
    this.#statuses = {}
    this.#broken = 0
  }

  /** Makes the calls that are due. Who is late itself does not blame the other side: a call is due now. */
  tick(nowMs: number): void {
    const due = Math.floor(((nowMs - this.#startMs) * this.#load.perSecond) / 1000)
    for (; this.#made < due; this.#made += 1) this.#due.push(nowMs)
    this.#send()
  }

  end(): RateFigures {
    const nowMs = systemClock.monotonicMs()
    const unanswered = [...this.#due, ...[...this.#underWay].map(({ dueMs }) => dueMs)]
    const calls = [...this.#calls, ...unanswered.map((dueMs) => ({ dueMs, tookMs: nowMs - dueMs }))]
    const seconds = Object.groupBy(calls, ({ dueMs }) => Math.floor((dueMs - this.#startMs) / 1000))
    this.#due = []
    return {
      calls: calls.length,
      p50Ms: tookMsAt(calls, 0.5),
      p99Ms: tookMsAt(calls, 0.99),
      msMax: tookMsAt(calls, 1),
      p99MsOfSeconds: Object.values(seconds).map((second) => tookMsAt(second ?? [], 0.99)),
      statuses: this.#statuses,
      broken: this.#broken,
      waiting: unanswered.length,
    }
  }

  #send(): void {
    for (;;) {
      const dueMs = this.#due[0]
      const line = dueMs === undefined ? undefined : this.#idle.pop()
      if (dueMs === undefined || line === undefined) return
      this.#due.shift()
      line.dueMs = dueMs
      this.#underWay.add(line)
      line.parser.expect('GET')
      line.socket.write(this.#requests[Math.floor(Math.random() * this.#requests.length)] ?? '')
    }
  }

  #count({ dueMs }: Line, status: number): void {
    // A call of an earlier span was counted at its end.
    if (dueMs < this.#startMs) return
    this.#calls.push({ dueMs, tookMs: systemClock.monotonicMs() - dueMs })
    this.#statuses[status] = (this.#statuses[status] ?? 0) + 1
  }

  #connect(): void {
    const socket = connect(this.#load.port, '127.0.0.1').setNoDelay(true)
    const line: Line = { socket, parser: new AnswerParser(), dueMs: 0 }
    socket.once('connect', () => this.#idle.push(line))
    socket.on('error', () => {})
    socket.on('data', (bytes: Buffer) => {
      // Told that it kept the other side waiting, between two spans.
      if (!this.#underWay.has(line)) {
        socket.destroy()
        return
      }
      const answer = line.parser.push(bytes)
      if (answer === undefined) return
      this.#count(line, answer.status)
      this.#underWay.delete(line)
      if (answer.headers.get('connection') !== 'close') this.#idle.push(line)
      this.#send()
    })
    socket.once('close', () => {
      if (this.#underWay.delete(line) && line.dueMs >= this.#startMs) this.#broken += 1
      const place = this.#idle.indexOf(line)
      if (place !== -1) this.#idle.splice(place, 1)
      this.#connect()
    })
  }
}

/** Many of them where paths and keys are drawn at random, else one. */
function requestsOf({ path, host = 'localhost', key, token, paths, keys }: RateLoad): readonly string[] {
  const bearer = token === undefined ? '' : `authorization: Bearer ${token}\r\n`
  const request = (to: string, by: string | undefined): string => {
    const auth = by === undefined ? bearer : `x-api-key: ${by}\r\n`
    return `GET ${to} HTTP/1.1\r\nhost: ${host}\r\n${auth}\r\n`
  }
  return (paths ?? [path]).flatMap((to) => (keys ?? [key]).map((by) => request(to, by)))
}

/** One connection. */
interface Line {
  readonly socket: Socket
  readonly parser: AnswerParser
  dueMs: number
}

interface Timed {
  readonly dueMs: number
  readonly tookMs: number
}

/** What so large a part of calls took at most. */
function tookMsAt(calls: readonly Timed[], part: number): number {
  const sorted = calls.map(({ tookMs }) => tookMs).sort((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

const loads: readonly RateLoad[] = JSON.parse(process.argv[2] ?? '[]')
const all = loads.map((load) => new Calls(load))
let ticking: NodeJS.Timeout | undefined

process.on('message', (message) => {
  if (message === 'begin') {
    for (const calls of all) calls.begin()
    ticking = setInterval(() => {
      const nowMs = systemClock.monotonicMs()
      for (const calls of all) calls.tick(nowMs)
    }, 1)
  } else {
    clearInterval(ticking)
    process.send?.(all.map((calls) => calls.end()))
  }
})
process.on('disconnect', () => process.exit())

const connecting = setInterval(() => {
  if (!all.every((calls) => calls.connected)) return
  clearInterval(connecting)
  console.log('ready')
}, 10)
