import type { OnReadOpts, Socket } from 'node:net'

/** As much as is read at a time: what Node takes, too. */
const BYTES = 65_536

/** Takes a piece of what came. It has it for as long as the call lasts: what it keeps of it, it copies. */
type Reader = (piece: Buffer) => void

/** Of connections that are read so, who reads them; null: nobody, they are streams like any other. */
const READERS = new WeakMap<Socket, Reader | null>()

/**
 * Has a connection read into memory that all such connections of this thread share (`onread` of `net.connect`).
 *
 * Most answers are here whole and taken apart at once. Memory of its own for each, 64 KiB before it is known how much came, and
 * the way of a stream cost a call more than reading it did (docs/decisions/0054).
 */
export const SHARED_READ: OnReadOpts = { buffer: Buffer.allocUnsafeSlow(BYTES), callback: take }

/** Notes that a connection was made with `SHARED_READ`. */
export function noteSharedRead(socket: Socket): void {
  READERS.set(socket, null)
}

/** Gives all that comes from now on to `reader`. Of a connection of which nothing waits to be read. */
export function readBy(socket: Socket, reader: Reader): void {
  if (READERS.has(socket)) READERS.set(socket, reader)
  else socket.on('data', reader)
}

/** Makes it a stream like any other again. */
export function readNoMoreBy(socket: Socket, reader: Reader): void {
  if (READERS.has(socket)) READERS.set(socket, null)
  else socket.off('data', reader)
}

/** Returns whether more may be read. */
function take(this: Socket, bytes: number, memory: Uint8Array): boolean {
  const piece = Buffer.from(memory.buffer, memory.byteOffset, bytes)
  const reader = READERS.get(this)
  if (reader == null) return this.push(Buffer.from(piece))
  reader(piece)
  return true
}
