import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../lib/assert.ts'
import { GatewayThread } from './thread.ts'
import type { GatewayCommand } from './thread-messages.ts'

const parent = parentPort
assert(parent !== null, 'a gateway thread is started as a worker')
const thread = new GatewayThread(workerData, (report) => parent.postMessage(report))
parent.on('message', (command: GatewayCommand) => {
  if (command.kind !== 'stop') thread.handle(command)
  // Of a worker, this ends the thread.
  else void thread.stop().finally(() => process.exit())
})
