/**
 * Text that grows piece by piece, as bytes.
 *
 * Pieces that are joined as strings stay pieces until somebody reads the whole, and all of it is walked through once
 * more then. Here each character is written once, where it stays, and nothing is left for V8 to collect.
 */
export class ByteText {
  readonly #leastRoom: number
  #bytes: Buffer
  #used = 0

  /** `room` is for how many bytes there is memory from the start. */
  constructor(room: number) {
    this.#leastRoom = room
    this.#bytes = Buffer.allocUnsafeSlow(room)
  }

  /** Adds a text as UTF-8. */
  text(text: string): void {
    this.#reserve(text.length * UTF8_BYTES_MAX)
    if (text.length > SHORT_MAX || !this.#addAscii(text)) this.#used += this.#bytes.write(text, this.#used)
  }

  /** Adds a text that has one character for each byte (latin1). */
  latin1(text: string): void {
    this.#reserve(text.length)
    if (text.length > SHORT_MAX || !this.#addAscii(text)) {
      this.#used += this.#bytes.write(text, this.#used, 'latin1')
    }
  }

  /** Adds bytes as they are. */
  bytes(piece: Uint8Array): void {
    this.#reserve(piece.length)
    this.#bytes.set(piece, this.#used)
    this.#used += piece.length
  }

  /** Adds one byte. */
  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#used] = value
    this.#used += 1
  }

  /** Adds a number as `String` writes it. */
  number(value: number): void {
    if (Number.isSafeInteger(value) && value >= 0) this.#whole(value)
    else this.latin1(String(value))
  }

  /** All of it, where it is: only until something is added, or it begins anew. */
  get view(): Buffer {
    return this.#bytes.subarray(0, this.#used)
  }

  /** All of it, in memory of its own; the next begins. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = new Uint8Array(this.#used)
    taken.set(this.view)
    this.clear()
    return taken
  }

  /** Begins anew. Memory that a rare large one took is not kept. */
  clear(): void {
    this.#used = 0
    if (this.#bytes.length > this.#leastRoom * KEPT_FACTOR) this.leave()
  }

  /** Begins anew in other memory: somebody keeps what `view` gave. */
  leave(): void {
    this.#used = 0
    this.#bytes = Buffer.allocUnsafeSlow(this.#leastRoom)
  }

  /** False, and nothing added, where it is not ASCII. Short texts are sooner written than handed to Node to write. */
  #addAscii(text: string): boolean {
    const bytes = this.#bytes
    const start = this.#used
    for (let index = 0; index < text.length; index += 1) {
      const char = text.charCodeAt(index)
      if (char > ASCII_MAX) return false
      bytes[start + index] = char
    }
    this.#used = start + text.length
    return true
  }

  #whole(value: number): void {
    if (value < BILLION) {
      let digits = 1
      for (let power = 10; power <= value; power *= 10) digits += 1
      this.#digits(value, digits)
      return
    }
    const billions = Math.floor(value / BILLION)
    this.#whole(billions)
    this.#digits(value - billions * BILLION, BILLION_DIGITS)
  }

  #digits(value: number, digits: number): void {
    this.#reserve(digits)
    const bytes = this.#bytes
    // Below a billion: whole numbers of 31 bits are divided at a fraction of the cost.
    let rest = value | 0
    for (let at = this.#used + digits - 1; at >= this.#used; at -= 1) {
      const tenth = (rest / 10) | 0
      bytes[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.#used += digits
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > this.#bytes.length) this.#grow(bytes)
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#used + bytes))
    this.#bytes.copy(larger, 0, 0, this.#used)
    this.#bytes = larger
  }
}

const ASCII_MAX = 0x7f
/** Up to so many characters. */
const SHORT_MAX = 12
const ZERO = 0x30
const BILLION = 1_000_000_000
const BILLION_DIGITS = 9
/** Of one unit of a text. */
const UTF8_BYTES_MAX = 3
/** As often as it may have grown by this it is kept for what comes next. */
const KEPT_FACTOR = 16
