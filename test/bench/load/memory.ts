import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { buildProgram, type LoadGateway, startGateway } from '../lib/load-gateway.ts'
import { startUpstream } from '../lib/load-upstream.ts'
import { placeBench } from '../lib/places.ts'
import { MIB, resetPeak, rssBytes, rssBytesPeak } from '../lib/process-figures.ts'
import { cpuSeconds, requirePrograms } from '../lib/programs.ts'
import { type Figure, informs, report } from '../lib/report.ts'

/** Bytes of memory a byte of a client may cost. */
const BAR = 100
/** Below it the bar does not count: a call costs something in itself. */
const REQUEST_BYTES_MIN = 1024
const WARM_UP_CALLS = 3_000
/** Nothing moves any more when nothing moved for so long. */
const QUIET_MS = 2_000
const SETTLE_MS_MAX = 90_000

/** A kind of request that is held in flight. */
interface Kind {
  readonly name: string
  readonly connections: number
  /** In one write, on each connection. */
  readonly requests: number
  readonly bytes: (key: string) => Buffer
  /** Whether the client leaves the answer unread. */
  readonly unread?: boolean
}

const KINDS: readonly Kind[] = [
  { name: 'small', connections: 200, requests: 1, bytes: (key) => get(key, []) },
  { name: 'head of 16 KiB', connections: 200, requests: 1, bytes: (key) => get(key, fields(5, 3_100)) },
  { name: '100 fields', connections: 200, requests: 1, bytes: (key) => get(key, fields(98, 16)) },
  { name: '16 KiB in chunks of 1 byte', connections: 200, requests: 1, bytes: (key) => chunked(key, 16_384) },
  { name: '1 MiB in chunks of 1 byte', connections: 50, requests: 1, bytes: (key) => chunked(key, MIB) },
  { name: 'body of 1 MiB', connections: 200, requests: 1, bytes: (key) => post(key, MIB) },
  {
    name: '1,000 pipelined',
    connections: 20,
    requests: 1_000,
    bytes: (key) => Buffer.concat(Array.from({ length: 1_000 }, () => get(key, []))),
  },
  {
    name: 'answer of 4 MiB unread',
    connections: 200,
    requests: 1,
    bytes: (key) => request(key, `GET /big?bytes=${4 * MIB}`, []),
    unread: true,
  },
]

/**
 * What memory of the gateway requests in flight cost, by kind, for each byte their clients sent.
 *
 * Each kind gets a fresh gateway; the upstream neither reads bodies nor answers. All garbage is collected
 * before memory is read. Bar: at most 100 times, where a request has 1 KiB or more. `[kind]`
 */
export async function memory(args: readonly string[]): Promise<boolean> {
  requirePrograms({ taskset: 'util-linux' })
  placeBench(true)
  using program = buildProgram()
  const figures: Figure[] = []
  for (const kind of KINDS) {
    if (args.length === 0 || args.includes(kind.name)) figures.push(...(await measure(kind, program.path)))
  }
  return report('memory of the gateway for each byte a client sent', figures)
}

async function measure(kind: Kind, program: string): Promise<readonly Figure[]> {
  await using upstream = await startUpstream()
  const upstreamPort = upstream.port
  await using gateway = await startGateway({
    program,
    upstreamPort,
    tenants: ['unlimited'],
    inspected: true,
    durability: 'process',
  })
  await warmUp(gateway)
  const before = await settled(gateway)
  resetPeak(gateway.pid)
  const bytes = kind.bytes(gateway.keys[0] ?? '')
  const sockets = await Promise.all(
    Array.from({ length: kind.connections }, () => send(gateway.port, bytes, kind.unread === true)),
  )
  try {
    const settledS = await untilQuiet(sockets, gateway)
    const held = await upstream.held()
    const peakBytes = rssBytesPeak(gateway.pid)
    const after = await settled(gateway)
    const sentBytes = sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0)
    const closed = sockets.filter(({ destroyed }) => destroyed).length
    return figuresOf(kind, { before, after, peakBytes, sentBytes, held, closed, settledS })
  } finally {
    for (const socket of sockets) socket.destroy()
  }
}

/** Compiles what is hot, and lets pools and buffers grow to what few calls need. */
async function warmUp({ port, keys }: LoadGateway): Promise<void> {
  const body = Buffer.alloc(20_000, 'x')
  const headers = { 'x-api-key': keys[0] ?? '' }
  const call = async (): Promise<void> => {
    for (let index = 0; index < WARM_UP_CALLS / 20; index += 1) {
      const answer = await fetch(`http://127.0.0.1:${port}/sink`, { method: 'POST', headers, body })
      await answer.text()
    }
  }
  await Promise.all(Array.from({ length: 20 }, call))
}

/** Waits until no client can send more and the gateway has nothing to do; returns the CPU seconds it took. */
async function untilQuiet(sockets: readonly Socket[], { pid }: LoadGateway): Promise<number> {
  const beganS = cpuSeconds(pid)
  let last = ''
  for (let [quietMs, waitedMs] = [0, 0]; quietMs < QUIET_MS && waitedMs < SETTLE_MS_MAX; waitedMs += 500) {
    await pause(500)
    const sent = sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0)
    // Timers alone take a hundredth of a second now and then.
    const now = `${sent} ${Math.round(cpuSeconds(pid) * 10)}`
    quietMs = now === last ? quietMs + 500 : 0
    last = now
  }
  return cpuSeconds(pid) - beganS
}

async function settled(gateway: LoadGateway): Promise<Held> {
  await gateway.inspector?.collectGarbage()
  await pause(500)
  const { heapBytes = 0, bufferBytes = 0 } = (await gateway.inspector?.memory()) ?? {}
  return { rss: rssBytes(gateway.pid), heapBytes, bufferBytes }
}

async function send(port: number, bytes: Buffer, unread: boolean): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  if (unread) socket.pause()
  else socket.resume()
  socket.write(bytes)
  return socket
}

function figuresOf(kind: Kind, measured: Measured): readonly Figure[] {
  const { before, after, peakBytes, sentBytes, held, closed, settledS } = measured
  const rss = after.rss - before.rss
  const ratio = rss / sentBytes
  const perRequest = sentBytes / (kind.connections * kind.requests)
  const counts = perRequest >= REQUEST_BYTES_MIN && kind.unread !== true
  const kib = (bytes: number) => (bytes / 1024 / kind.connections).toFixed(1)
  const what = `${kind.name}: ${kind.connections} x ${Math.round(sentBytes / kind.connections)} bytes sent`
  const peak = ((peakBytes - before.rss) / sentBytes).toFixed(1)
  return [
    {
      what,
      measured: `${ratio.toFixed(1)}x (peak ${peak}x)`,
      bar: counts ? `<= ${BAR}x` : '',
      met: counts ? ratio <= BAR : undefined,
    },
    informs(
      '    KiB a connection',
      `RSS ${kib(rss)}, heap ${kib(after.heapBytes - before.heapBytes)}, buffers ${kib(after.bufferBytes - before.bufferBytes)}`,
    ),
    informs(
      '    held at the upstream, closed by the gateway, CPU until all was read',
      `${held}, ${closed}, ${settledS.toFixed(1)} s`,
    ),
  ]
}

interface Held {
  readonly rss: number
  readonly heapBytes: number
  readonly bufferBytes: number
}

interface Measured {
  readonly before: Held
  readonly after: Held
  readonly peakBytes: number
  readonly sentBytes: number
  readonly held: number
  readonly closed: number
  /** CPU seconds of the gateway until nothing moved any more. */
  readonly settledS: number
}

function get(key: string, more: readonly string[]): Buffer {
  return request(key, 'GET /hold', more)
}

function post(key: string, bytes: number): Buffer {
  return Buffer.concat([request(key, 'POST /hold', [`content-length: ${bytes}`]), Buffer.alloc(bytes, 'x')])
}

function chunked(key: string, bytes: number): Buffer {
  const head = request(key, 'POST /hold', ['transfer-encoding: chunked'])
  return Buffer.concat([head, Buffer.from(`${'1\r\nx\r\n'.repeat(bytes)}0\r\n\r\n`)])
}

function request(key: string, line: string, more: readonly string[]): Buffer {
  return Buffer.from(
    [`${line} HTTP/1.1`, 'host: localhost', `x-api-key: ${key}`, ...more, '', ''].join('\r\n'),
  )
}

function fields(count: number, bytes: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `x-field-${index}: ${'v'.repeat(bytes)}`)
}
