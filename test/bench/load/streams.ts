import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/lib/clock.ts'
import { buildProgram, type LoadGateway, startGateway } from '../lib/load-gateway.ts'
import { type LoadUpstream, startUpstream } from '../lib/load-upstream.ts'
import { placeBench } from '../lib/places.ts'
import { MIB, resetPeak, rssBytes, rssBytesPeak } from '../lib/process-figures.ts'
import { requirePrograms } from '../lib/programs.ts'
import { atMost, type Figure, informs, report } from '../lib/report.ts'
import { median } from '../lib/wrk.ts'

const STREAMS = 50
const EVENT_EVERY_MS = 50
const EVENTS_MS = 10_000
const ROUNDS = 3
const TRANSFER_BYTES = 1024 * MIB

/**
 * Streams: events of 50 streams at once through the gateway and past it in turns, then 1 GiB each way.
 *
 * Bars: what the gateway adds to the first event and to p99 of the delay is at most 5 ms; memory grows by at
 * most 64 MiB in a transfer.
 */
export async function streams(): Promise<boolean> {
  requirePrograms({ taskset: 'util-linux' })
  placeBench(false)
  using program = buildProgram()
  await using upstream = await startUpstream()
  await using gateway = await startGateway({
    program: program.path,
    upstreamPort: upstream.port,
    tenants: ['unlimited'],
  })
  const events = await measureEvents(gateway, upstream)
  const transfers = [
    ...(await transfer('download', gateway, (target, bytes) => download(target, bytes))),
    ...(await transfer('upload', gateway, (target, bytes) => upload(target, bytes))),
  ]
  const title = `${STREAMS} streams with an event every ${EVENT_EVERY_MS} ms, ${ROUNDS} rounds; transfers of 1 GiB`
  return report(title, [...events, ...transfers])
}

/** Where a client connects, and with which key. */
interface Target {
  readonly port: number
  readonly key: string
}

async function measureEvents(gateway: LoadGateway, upstream: LoadUpstream): Promise<readonly Figure[]> {
  const through: Target = { port: gateway.port, key: gateway.keys[0] ?? '' }
  const past: Target = { port: upstream.port, key: '' }
  await listen(through, 2_000)
  await listen(past, 2_000)
  const rounds: { through: Delays; past: Delays }[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const direct = await listen(past, EVENTS_MS)
    rounds.push({ through: await listen(through, EVENTS_MS), past: direct })
  }
  const added = (of: keyof Delays) => median(rounds.map((round) => round.through[of] - round.past[of]))
  const both = (of: keyof Delays) => {
    const [there, here] = [rounds.map(({ past }) => past[of]), rounds.map(({ through }) => through[of])]
    return `${median(there).toFixed(2)} → ${median(here).toFixed(2)} ms, added`
  }
  return [
    atMost(`first event after the request, slowest stream: ${both('firstMs')}`, added('firstMs'), 5, ' ms'),
    atMost(`delay of an event, p99: ${both('p99Ms')}`, added('p99Ms'), 5, ' ms'),
    informs(`delay of an event, p50: ${both('p50Ms')}`, `${added('p50Ms').toFixed(2)} ms`),
  ]
}

interface Delays {
  /** From the request to the first event, on the slowest stream. */
  readonly firstMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** Opens all streams, one after the other, and reads the time in each event when it arrives. */
async function listen(target: Target, lastsMs: number): Promise<Delays> {
  const firstMs: number[] = []
  const delaysMs: number[] = []
  const sockets: Socket[] = []
  for (let index = 0; index < STREAMS; index += 1) {
    const socket = await open(target.port)
    sockets.push(socket)
    let rest = ''
    let isFirst = true
    const begunMs = systemClock.monotonicMs()
    socket.on('data', (bytes: Buffer) => {
      const now = process.hrtime.bigint()
      rest += bytes.toString('latin1')
      for (let event = EVENT.exec(rest); event !== null; event = EVENT.exec(rest)) {
        rest = rest.slice(event.index + event[0].length)
        delaysMs.push(Number(now - BigInt(event[1] ?? 0)) / 1e6)
        if (isFirst) firstMs.push(systemClock.monotonicMs() - begunMs)
        isFirst = false
      }
    })
    socket.write(head('GET', `/events?every=${EVENT_EVERY_MS}`, target.key))
    // Streams that begin apart send their events apart.
    await pause(EVENT_EVERY_MS / 10)
  }
  await pause(lastsMs)
  for (const socket of sockets) socket.destroy()
  await pause(500)
  if (firstMs.length < STREAMS) throw new Error(`only ${firstMs.length} of ${STREAMS} streams had events`)
  delaysMs.sort((left, right) => left - right)
  const at = (part: number) => delaysMs[Math.floor(delaysMs.length * part)] ?? 0
  return { firstMs: Math.max(...firstMs), p50Ms: at(0.5), p99Ms: at(0.99) }
}

const EVENT = /data: (\d+)\n\n/

/** Runs it with a little first, so that what is hot is compiled and buffers are there. */
async function transfer(
  what: string,
  { pid, port, keys }: LoadGateway,
  run: (target: Target, bytes: number) => Promise<void>,
): Promise<readonly Figure[]> {
  const target = { port, key: keys[0] ?? '' }
  await run(target, 16 * MIB)
  await pause(1_000)
  const beforeBytes = rssBytes(pid)
  resetPeak(pid)
  const beganMs = systemClock.monotonicMs()
  await run(target, TRANSFER_BYTES)
  const seconds = (systemClock.monotonicMs() - beganMs) / 1000
  const grownMib = (rssBytesPeak(pid) - beforeBytes) / MIB
  const rate = `${(TRANSFER_BYTES / MIB / seconds).toFixed(0)} MiB/s`
  const title = `1 GiB ${what} from ${(beforeBytes / MIB).toFixed(0)} MiB at ${rate}, RSS grown at its peak by`
  return [atMost(title, grownMib, 64, ' MiB', 1)]
}

async function download({ port, key }: Target, bytes: number): Promise<void> {
  const socket = await open(port)
  let received = 0
  const done = Promise.withResolvers<void>()
  socket.on('data', (piece: Buffer) => {
    received += piece.length
    // The head is on top of it.
    if (received > bytes) done.resolve()
  })
  socket.on('close', () => done.reject(new Error(`the download broke off after ${received} bytes`)))
  socket.write(head('GET', `/big?bytes=${bytes}`, key))
  await done.promise
  socket.destroy()
}

async function upload({ port, key }: Target, bytes: number): Promise<void> {
  const socket = await open(port)
  const answered = Promise.withResolvers<string>()
  socket.on('data', (piece: Buffer) => answered.resolve(piece.toString('latin1')))
  socket.on('close', () => answered.reject(new Error('the upload broke off')))
  socket.write(head('POST', '/sink', key, [`content-length: ${bytes}`]))
  const piece = Buffer.alloc(65_536, 'x')
  for (let sent = 0; sent < bytes; sent += piece.length) {
    if (!socket.write(piece)) await once(socket, 'drain')
  }
  const answer = await answered.promise
  if (!answer.startsWith('HTTP/1.1 200')) throw new Error(`the upload was answered with ${answer}`)
  socket.destroy()
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

function head(method: string, path: string, key: string, more: readonly string[] = []): string {
  const auth = key === '' ? [] : [`x-api-key: ${key}`]
  return [`${method} ${path} HTTP/1.1`, 'host: localhost', ...auth, ...more, '', ''].join('\r\n')
}
