import type { IncomingMessage } from 'node:http'
import type { Turns } from './turns.ts'

/** Bytes of bodies that wait, on one gateway thread: of one sender, and of all. */
const OF_SENDER_MAX = 16 * 1024 * 1024
const OF_ALL_MAX = 64 * 1024 * 1024

/**
 * Reads whole bodies in their turns, with a bound on what they take of memory: for each, for each sender, and for all.
 *
 * Who sends much waits for itself; others have room.
 */
export class Uploads {
  readonly #ofSender = new Map<string, number>()
  readonly #turns: Turns
  #ofAll = 0

  constructor(turns: Turns) {
    this.#turns = turns
  }

  /**
   * Resolves to the body, or to why it is not taken. Rejects when the client leaves before it is whole.
   *
   * Its bytes count until `release`.
   */
  read(
    request: IncomingMessage,
    sender: string,
    bytesMax: number,
  ): Promise<Upload | 'too-large' | 'no-room'> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = []
      let size = 0
      const release = (): void => {
        this.#add(sender, -size)
        size = 0
      }
      const refuse = (why: 'too-large' | 'no-room'): void => {
        pieces.length = 0
        release()
        request.off('data', take)
        request.resume()
        resolve(why)
      }
      const take = (piece: Buffer): void => {
        size += piece.length
        this.#add(sender, piece.length)
        pieces.push(piece)
        if (size > bytesMax) refuse('too-large')
        else if (!this.#hasRoom(sender)) refuse('no-room')
      }
      request.on('data', take)
      request.on('end', () => resolve({ bytes: joined(pieces, size), release }))
      request.on('close', () => {
        if (!request.complete) release()
        reject(new Error('the client left before its request was whole'))
      })
      this.#turns.pace(request)
    })
  }

  #hasRoom(sender: string): boolean {
    return this.#ofAll <= OF_ALL_MAX && (this.#ofSender.get(sender) ?? 0) <= OF_SENDER_MAX
  }

  #add(sender: string, bytes: number): void {
    const ofSender = (this.#ofSender.get(sender) ?? 0) + bytes
    this.#ofAll += bytes
    if (ofSender > 0) this.#ofSender.set(sender, ofSender)
    else this.#ofSender.delete(sender)
  }
}

/** A body, in memory of its own: it can be handed to another thread without a copy. */
export interface Upload {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Call it once, when nobody needs the bytes any more. */
  readonly release: () => void
}

function joined(pieces: readonly Buffer[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
