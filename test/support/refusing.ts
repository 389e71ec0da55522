import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import { onTestFinished } from 'vitest'

/** A port of this machine that refuses connections: one that was free a moment ago. */
export async function refusingPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/**
 * A port that never completes a connection: its listener sleeps, and its queue is full.
 *
 * Closed when the test is over.
 */
export async function silentPort(): Promise<number> {
  const sleeper = new Worker(SLEEPER, { eval: true })
  const [port]: [number] = (await once(sleeper, 'message')) as [number]
  const fillers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'))
  onTestFinished(async () => {
    for (const filler of fillers) filler.destroy()
    await sleeper.terminate()
  })
  for (const filler of fillers) filler.on('error', () => {})
  await once(fillers[0]!, 'connect')
  return port
}

const SLEEPER = `
  const { createServer } = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const server = createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0))
  })
`
