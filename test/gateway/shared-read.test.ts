import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  noteSharedRead,
  readBy,
  readNoMoreBy,
  SHARED_READ,
  shareRead,
} from '../../src/gateway/shared-read.ts'
import { RawUpstream } from '../support/raw-upstream.ts'
import { until } from '../support/until.ts'

interface Opened {
  readonly socket: Socket
  /** Has the other side send. */
  readonly send: (text: string) => void
}

/** One that was made with `onread`, to a peer that sends what it is told to. */
async function made(): Promise<Opened> {
  const peer = Promise.withResolvers<Socket>()
  const upstream = await RawUpstream.start((theirs) => peer.resolve(theirs))
  const socket = connect({ port: upstream.port, host: '127.0.0.1', onread: SHARED_READ })
  onTestFinished(() => void socket.destroy())
  noteSharedRead(socket)
  socket.write('GET / HTTP/1.1\r\n\r\n')
  const theirs = await peer.promise
  return { socket, send: (text) => void theirs.write(text, 'latin1') }
}

/** One that a server accepted. */
async function accepted(): Promise<Opened> {
  const server = createServer(shareRead).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const connected = once(server, 'connection')
  const theirs = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1')
  onTestFinished(() => void theirs.destroy())
  const [socket] = await connected
  onTestFinished(() => void socket.destroy())
  server.close()
  return { socket, send: (text) => void theirs.write(text, 'latin1') }
}

/** What a stream gave so far. */
function textOf(socket: Socket): () => string {
  let text = ''
  socket.on('data', (piece: Buffer) => {
    text += piece.toString('latin1')
  })
  return () => text
}

describe.each([
  { whose: 'made with `onread`', open: made },
  { whose: 'that a server accepted', open: accepted },
])('connections $whose share the memory they are read into', ({ open }) => {
  test('each gives its reader what came on it, in memory that the next piece is read into', async () => {
    const [one, two] = [await open(), await open()]
    const pieces: Buffer[] = []
    const texts: string[] = []
    for (const { socket } of [one, two]) {
      readBy(socket, (piece) => {
        pieces.push(piece)
        texts.push(piece.toString('latin1'))
      })
    }
    one.send('of one')
    await until('it came', () => texts.length === 1 || undefined)
    two.send('of two')
    await until('it came', () => texts.length === 2 || undefined)
    expect(texts).toEqual(['of one', 'of two'])
    expect(pieces.map((piece) => piece.toString('latin1'))).toEqual(['of two', 'of two'])
  })

  test('one that has no reader any more is a stream, whose pieces are its own, whatever is read on others', async () => {
    const [one, two] = [await open(), await open()]
    const reader = (): void => {}
    readBy(one.socket, reader)
    readNoMoreBy(one.socket, reader)
    const ofOne = textOf(one.socket)
    const ofTwo = textOf(two.socket)
    for (let turn = 0; turn < 40; turn += 1) {
      one.send('1'.repeat(50_000))
      two.send('2'.repeat(50_000))
    }
    const isWhole = (): boolean => ofOne().length + ofTwo().length === 4_000_000
    await until('all came', () => isWhole() || undefined)
    expect(ofOne()).toBe('1'.repeat(2_000_000))
    expect(ofTwo()).toBe('2'.repeat(2_000_000))
  })

  test('one whose stream nobody reads stops reading, and goes on when somebody does', async () => {
    const { socket, send } = await open()
    send('x'.repeat(8_000_000))
    await until(
      'it holds what a stream may',
      () => socket.readableLength >= socket.readableHighWaterMark || undefined,
    )
    expect(socket.readableLength).toBeLessThan(1_000_000)
    const text = textOf(socket)
    await until('all came', () => text().length === 8_000_000 || undefined)
  })

  test('the end of one with a reader is told like any other', async () => {
    const { socket, send } = await open()
    readBy(socket, () => {})
    send('bye')
    const ended = once(socket, 'end')
    socket.end()
    await ended
  })
})
