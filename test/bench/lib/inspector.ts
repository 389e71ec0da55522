import { once } from 'node:events'
import type { Child } from './child.ts'

/** Sees into the main thread of a Node that was started with `--inspect`. */
export class Inspector implements Disposable {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (result: unknown) => void>()
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, result } = JSON.parse(String(data))
      this.#waiting.get(id)?.(result)
      this.#waiting.delete(id)
    })
  }

  static async of(child: Child): Promise<Inspector> {
    const [, url = ''] = await child.prints(/Debugger listening on (ws:\/\/\S+)/)
    return Inspector.at(url)
  }

  /** By the address that such a Node prints. */
  static async at(url: string): Promise<Inspector> {
    const socket = new WebSocket(url)
    await once(socket, 'open')
    return new Inspector(socket)
  }

  /** Collects all garbage, that which another collection finds too. */
  async collectGarbage(): Promise<void> {
    for (let time = 0; time < 3; time += 1) await this.#ask('HeapProfiler.collectGarbage')
  }

  /** Bytes of JavaScript objects, of buffers outside the heap, and of what else objects hold outside of it. */
  async memory(): Promise<{ heapBytes: number; bufferBytes: number; nativeBytes: number }> {
    const answer = await this.#ask('Runtime.evaluate', {
      expression: 'JSON.stringify(process.memoryUsage())',
      returnByValue: true,
    })
    const { heapUsed, arrayBuffers, external } = JSON.parse(
      (answer as { result: { value: string } }).result.value,
    )
    return { heapBytes: heapUsed, bufferBytes: arrayBuffers, nativeBytes: external - arrayBuffers }
  }

  [Symbol.dispose](): void {
    this.#socket.close()
  }

  #ask(method: string, params: object = {}): Promise<unknown> {
    this.#lastId += 1
    const id = this.#lastId
    this.#socket.send(JSON.stringify({ id, method, params }))
    return new Promise((resolve) => this.#waiting.set(id, resolve))
  }
}
