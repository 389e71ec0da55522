import { type OnReadOpts, Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** As much as is read at a time: what Node takes, too. */
const BYTES = 65_536

/** Takes a piece of what came. It has it for as long as the call lasts: what it keeps of it, it copies. */
type Reader = (piece: Buffer) => void

/** Of a connection that is read so, who reads it; null: nobody, it is a stream like any other. */
const READER = Symbol('reader')

interface ReadSocket extends Socket {
  [READER]?: Reader | null
}

/**
 * Has a connection read into memory that all such connections of this thread share (`onread` of `net.connect`).
 *
 * Most answers are here whole and taken apart at once. Memory of its own for each, 64 KiB before it is known how much came, and
 * the way of a stream cost a call more than reading it did (docs/decisions/0054).
 */
export const SHARED_READ: OnReadOpts = { buffer: Buffer.allocUnsafeSlow(BYTES), callback: take }

/** Where a connection keeps its `onread`: memory, callback, and what gives it other memory. Empty where Node has other places. */
const PLACES = placesOf(['kBuffer', 'kBufferCb', 'kBufferGen'])

/** Notes that a connection was made with `SHARED_READ`. */
export function noteSharedRead(socket: ReadSocket): void {
  socket[READER] = null
}

/**
 * Has one that a server accepted read so, too, which has no option for it: it is told what `onread` tells (docs/decisions/0057).
 * Before anything is read of it. Changes nothing where Node works otherwise, or with TLS.
 */
export function shareRead(socket: Socket): void {
  const [memory, callback, next] = PLACES
  if (socket instanceof TLSSocket || memory === undefined || callback === undefined || next === undefined)
    return
  const handle: unknown = '_handle' in socket ? socket._handle : undefined
  if (typeof handle !== 'object' || handle === null || !('useUserBuffer' in handle)) return
  if (typeof handle.useUserBuffer !== 'function') return
  Reflect.set(socket, memory, SHARED_READ.buffer)
  Reflect.set(socket, callback, take)
  Reflect.set(socket, next, null)
  Reflect.apply(handle.useUserBuffer, handle, [SHARED_READ.buffer])
  noteSharedRead(socket)
}

/** Gives all that comes from now on to `reader`. Of a connection of which nothing waits to be read. */
export function readBy(socket: ReadSocket, reader: Reader): void {
  if (socket[READER] !== undefined) socket[READER] = reader
  else socket.on('data', reader)
}

/** Makes it a stream like any other again. */
export function readNoMoreBy(socket: ReadSocket, reader: Reader): void {
  if (socket[READER] !== undefined) socket[READER] = null
  else socket.off('data', reader)
}

/** Returns whether more may be read. */
function take(this: ReadSocket, bytes: number, memory: Uint8Array): boolean {
  const piece = Buffer.from(memory.buffer, memory.byteOffset, bytes)
  const reader = this[READER]
  if (reader == null) return this.push(Buffer.from(piece))
  reader(piece)
  return true
}

function placesOf(names: readonly string[]): readonly symbol[] {
  const symbols = Object.getOwnPropertySymbols(new Socket())
  const found = names.map((name) => symbols.find(({ description }) => description === name))
  return found.filter((symbol) => symbol !== undefined)
}
