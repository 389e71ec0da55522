import type { EventEmitter } from 'node:events'
import { Readable, Writable } from 'node:stream'

/** A terminal for tests: what is drawn on it can be read, and keys can be pressed. */
export class FakeTerminal {
  readonly written: string[] = []
  readonly stdout: NodeJS.WriteStream
  readonly stdin: NodeJS.ReadStream
  isRaw = false
  readonly #pressed: Readable

  constructor({ columns = 80, rows = 24, colours = false } = {}) {
    const stdout = new Writable({
      write: (chunk, _, done) => {
        this.written.push(String(chunk))
        done()
      },
    })
    this.stdout = Object.assign(stdout as any, { isTTY: true, columns, rows, hasColors: () => colours })
    const stdin = new Readable({ read: () => {} }).setEncoding('utf8')
    this.#pressed = stdin
    const setRawMode = (isRaw: boolean) => {
      this.isRaw = isRaw
      return stdin
    }
    this.stdin = Object.assign(stdin as any, { isTTY: true, setRawMode, ref: () => {}, unref: () => {} })
  }

  /** The last frame, line by line, where each is written whole. */
  get frame(): string {
    return this.written.findLast((text) => text.includes('\n')) ?? ''
  }

  /** All that was written, escape sequences included. */
  get all(): string {
    return this.written.join('')
  }

  press(keys: string): void {
    this.#pressed.push(keys)
  }

  resize(columns: number, rows: number): void {
    Object.assign(this.stdout, { columns, rows })
    const emitter: EventEmitter = this.stdout
    emitter.emit('resize')
  }
}
