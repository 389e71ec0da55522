import type { IncomingMessage } from 'node:http'
import type { Turns } from './turns.ts'

/** The whole body of a request, read in its turns; undefined when it has more than `bytesMax`. Never rejects. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  turns: Turns,
): Promise<Buffer | BrokenOff | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    let size = 0
    request.on('data', (piece: Buffer) => {
      size += piece.length
      if (size > bytesMax) {
        pieces.length = 0
        resolve(undefined)
      } else pieces.push(piece)
    })
    request.on('end', () => resolve(Buffer.concat(pieces)))
    request.on('close', () => resolve(new BrokenOff(size)))
    turns.pace(request)
  })
}

/** The client left before its request was whole. */
export class BrokenOff {
  /** What had come of the body. */
  readonly bytes: number

  constructor(bytes: number) {
    this.bytes = bytes
  }
}
