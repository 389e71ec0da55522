import type { IncomingMessage } from 'node:http'

/** The whole body of a request; undefined when it has more than `bytesMax`. Rejects when the client leaves before. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
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
    request.on('close', () => reject(new Error('the client left before its request was whole')))
  })
}
