import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Turns, type TurnTaker } from '../../src/gateway/turns.ts'
import { startGateway } from '../support/gateway.ts'
import { RawUpstream } from '../support/raw-upstream.ts'

const KIB = 1024

/** An answer of so many pieces of 64 KiB, all of which have come: moves them whenever it may. */
class Answer implements TurnTaker {
  piecesLeft: number
  readonly #turns: Turns
  readonly #log: string[]
  readonly #name: string

  constructor(turns: Turns, name: string, pieces: number, log: string[]) {
    this.#turns = turns
    this.#name = name
    this.piecesLeft = pieces
    this.#log = log
  }

  itsTurn(): void {
    while (this.piecesLeft > 0) {
      this.piecesLeft -= 1
      // The last piece is held until the call is metered, and asks for nothing.
      if (this.piecesLeft === 0) return
      this.#log.push(this.#name)
      if (!this.#turns.mayGoOn(this, 64 * KIB)) return
    }
  }
}

describe('large answers', () => {
  test('move a MiB in a turn of the event loop and 256 KiB of each that waited, in turns, and none stays behind', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 40 }),
        async (sizes) => {
          const turns = new Turns()
          const log: string[] = []
          const answers = sizes.map((pieces, index) => new Answer(turns, String(index), pieces, log))
          // All of them have come in one turn.
          for (const answer of answers) answer.itsTurn()
          const inFirstTurn = log.length
          // One piece of each that found the turn spent.
          expect(inFirstTurn).toBeLessThanOrEqual(16 + sizes.length)
          while (answers.some(({ piecesLeft }) => piecesLeft > 0)) {
            const before = log.length
            await turnOfLoop()
            const moved = log.slice(before)
            expect(moved.length * 64 * KIB).toBeLessThanOrEqual(512 * KIB)
            for (const name of moved)
              expect(moved.filter((each) => each === name).length).toBeLessThanOrEqual(4)
          }
          expect(log).toHaveLength(sizes.reduce((sum, pieces) => sum + pieces - 1, 0))
        },
      ),
      { numRuns: 50 },
    ))

  test('who left is not told of its turn, and holds up nobody', async () => {
    const turns = new Turns()
    const log: string[] = []
    const [first, left, last] = ['first', 'left', 'last'].map((name) => new Answer(turns, name, 40, log))
    for (const answer of [first, left, last]) answer?.itsTurn()
    if (left !== undefined) turns.leave(left)
    const movedOfLeft = log.filter((name) => name === 'left').length
    while (first?.piecesLeft !== 0 || last?.piecesLeft !== 0) await turnOfLoop()
    expect(log.filter((name) => name === 'left')).toHaveLength(movedOfLeft)
  })

  test('a turn that one had nothing for is over with the turn of the loop: it moves what any may, later', async () => {
    const turns = new Turns()
    const told = Promise.withResolvers<void>()
    const idle = { itsTurn: () => told.resolve() }
    expect(turns.mayGoOn(idle, 1024 * KIB)).toBe(false)
    await told.promise
    await turnOfLoop()
    expect(turns.mayGoOn(idle, 1023 * KIB)).toBe(true)
  })

  test('stop none of those who move as little as a small answer in a turn, however many of them wait', () => {
    const turns = new Turns()
    const [large, small] = [{ itsTurn: () => {} }, { itsTurn: () => {} }]
    expect(turns.mayGoOn(large, 1024 * KIB)).toBe(false)
    const pieces = Array.from({ length: 16 }, () => turns.mayGoOn(small, KIB))
    expect(pieces).toEqual([...Array.from({ length: 15 }, () => true), false])
  })

  test('that move in their turn, but not at once when it comes, move no more than two MiB in it', async () => {
    const turns = new Turns()
    let moved = 0
    const move = (taker: TurnTaker): void => {
      do moved += 64 * KIB
      while (turns.mayGoOn(taker, 64 * KIB))
    }
    const takers = Array.from({ length: 40 }, () => {
      const taker = { itsTurn: () => process.nextTick(move, taker) }
      return taker
    })
    for (const taker of takers) move(taker)
    for (let turn = 0; turn < 20; turn += 1) {
      moved = 0
      await turnOfLoop()
      expect(moved).toBeGreaterThan(0)
      expect(moved).toBeLessThanOrEqual(2048 * KIB)
    }
  })
})

describe('a gateway', () => {
  test('moves little of many large answers in a turn of the event loop, and they come as they were sent', async () => {
    const large = Buffer.from(Array.from({ length: 3 * 1024 * KIB }, (_, index) => index % 251))
    const upstream = await RawUpstream.start((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${large.length}\r\n\r\n`)
      socket.write(large)
    })
    const gateway = await startGateway({ upstreamPort: upstream.port })
    let arrived = 0
    const download = async (): Promise<Buffer> => {
      const client = connect(gateway.port, '127.0.0.1')
      const pieces: Buffer[] = []
      client.on('data', (piece) => {
        arrived += piece.length
        pieces.push(piece)
      })
      client.write(
        `GET /large HTTP/1.1\r\nHost: a\r\nx-api-key: ${gateway.secret}\r\nConnection: close\r\n\r\n`,
      )
      await once(client, 'close')
      const answer = Buffer.concat(pieces)
      return answer.subarray(answer.indexOf('\r\n\r\n') + 4)
    }
    const downloads = Promise.all(Array.from({ length: 80 }, download))
    const inTurns: number[] = []
    while (arrived < 80 * large.length) {
      const before = arrived
      await turnOfLoop()
      inTurns.push(arrived - before)
    }
    // One turn may bring what the gateway moved in two of them. Left alone it moves 5 MB in each.
    expect(inTurns.toSorted((left, right) => right - left)[9]).toBeLessThan(3_000_000)
    for (const answer of await downloads) expect(answer.equals(large)).toBe(true)
  })
})
