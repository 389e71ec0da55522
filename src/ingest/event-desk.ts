import type { Meter } from '../model/meter.ts'
import { answerMany, answerOne, problem } from './answer-events.ts'
import type { EventOutcome } from './event-outcome.ts'
import type { EventFault, IncomingEvent } from './incoming-event.ts'
import type { EventsAnswer, EventsRequest } from './ingest-messages.ts'
import { readBody } from './read-body.ts'
import { readEvent } from './read-event.ts'
import type { EventTaker } from './take-events.ts'

/** A request that waits to be taken in. */
export interface Waiting {
  readonly request: EventsRequest
  readonly answer: (answer: EventsAnswer) => void
}

/**
 * Takes requests in, many in one transaction: under load a commit is shared, without any timer.
 *
 * Who sends much waits for itself: requests wait in lines, and each turn takes from all lines alike.
 */
export class EventDesk {
  readonly #parts: EventDeskParts
  readonly #lines = new Map<string, Waiting[]>()
  #meters: readonly Meter[]
  #running: Promise<void> | undefined

  constructor(parts: EventDeskParts, meters: readonly Meter[]) {
    this.#parts = parts
    this.#meters = meters
  }

  /** Puts other meters in force, for what comes from now on. */
  replaceMeters(meters: readonly Meter[]): void {
    this.#meters = meters
  }

  /** Takes a request; it is answered once what it reports is durable. */
  add(waiting: Waiting): void {
    const line = this.#lines.get(waiting.request.line)
    if (line === undefined) this.#lines.set(waiting.request.line, [waiting])
    else line.push(waiting)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    // What arrives in this tick comes along.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#lines.size > 0) await this.#turn(this.#nextTurn())
  }

  /**
   * One request of each line after the other, as far as they are small; a large one has a turn of its own, for
   * which the small ones of others wait once and not twice. The lines move on.
   */
  #nextTurn(): readonly ReadRequest[] {
    const turn: ReadRequest[] = []
    let bytes = 0
    for (const [name, line] of this.#lines) {
      const [waiting] = line
      if (waiting === undefined) break
      bytes += waiting.request.bytes.length
      if (bytes > TURN_BYTES_MAX && turn.length > 0) break
      line.shift()
      // At the end of the row: the others come first now.
      this.#lines.delete(name)
      if (line.length > 0) this.#lines.set(name, line)
      const read = this.#readSafely(waiting)
      if (read !== undefined) turn.push(read)
    }
    return turn
  }

  /** A request that we cannot read for a fault of ours must not take the others with it. */
  #readSafely(waiting: Waiting): ReadRequest | undefined {
    try {
      return this.#read(waiting)
    } catch (error) {
      this.#parts.onFailed(error)
      waiting.answer(INTERNAL)
      return undefined
    }
  }

  /** undefined when it was answered already. */
  #read(waiting: Waiting): ReadRequest | undefined {
    const { request, answer } = waiting
    const body = readBody(request)
    if ('code' in body) {
      answer(problem(body.code, body.detail))
      return undefined
    }
    const refusal = this.#parts.admit(request, body.items.length)
    if (refusal !== undefined) {
      answer(refusal)
      return undefined
    }
    return { waiting, single: body.single, events: body.items.map(readEvent) }
  }

  async #turn(turn: readonly ReadRequest[]): Promise<void> {
    if (turn.length === 0) return
    const outcomes = await this.#take(turn)
    for (const [index, { waiting, single, events }] of turn.entries()) {
      const ofRequest = outcomes?.[index]
      if (ofRequest === undefined) {
        waiting.answer(UNAVAILABLE)
        continue
      }
      const [event, outcome] = [events[0], ofRequest[0]]
      const alone = single && event !== undefined && outcome !== undefined
      waiting.answer(alone ? answerOne(event, outcome) : answerMany(events, ofRequest))
    }
  }

  /** undefined when nothing of the turn could be made durable. */
  async #take(turn: readonly ReadRequest[]): Promise<readonly (readonly EventOutcome[])[] | undefined> {
    const groups = turn.map(({ waiting, events }) => ({ sender: waiting.request.sender, events }))
    try {
      const outcomes = await this.#parts.taker.take(groups, this.#meters)
      this.#parts.onCounted()
      return outcomes
    } catch (error) {
      this.#parts.onFailed(error)
      return undefined
    }
  }
}

export interface EventDeskParts {
  readonly taker: EventTaker
  /** Why a request with so many events is not taken in now; undefined when it is. */
  readonly admit: (request: EventsRequest, events: number) => EventsAnswer | undefined
  /** Something became durable. */
  readonly onCounted: () => void
  /** Nothing of a turn did: its senders were told. */
  readonly onFailed: (error: unknown) => void
}

interface ReadRequest {
  readonly waiting: Waiting
  readonly single: boolean
  readonly events: readonly (IncomingEvent | EventFault)[]
}

/** Some 500 events: with more in it a turn is not cheaper for each, and others wait longer. */
const TURN_BYTES_MAX = 64 * 1024

const INTERNAL = problem('internal', 'The request could not be completed.')

const UNAVAILABLE = problem(
  'store-unavailable',
  'Events cannot be written at the moment; none of these was counted. Send them again.',
  {},
  1,
)
