import type { ByteText } from '../lib/byte-text.ts'

/** What header fields are written to, one after the other, each piece by piece. */
export interface FieldWriter {
  /** Begins a field. */
  name(name: string): void
  /** Adds to its value; one character a byte. */
  text(text: string): void
  /** Adds a number to its value. */
  number(value: number): void
  /** Ends the field. */
  end(): void
}

/** A whole field. */
export function writeField(to: FieldWriter, name: string, value: string): void {
  to.name(name)
  to.text(value)
  to.end()
}

/** Fields as a list: name, value, name, value … */
export class FieldList implements FieldWriter {
  readonly #fields: string[]
  #value = ''

  /** Adds to `fields`. */
  constructor(fields: string[]) {
    this.#fields = fields
  }

  name(name: string): void {
    this.#fields.push(name)
  }

  text(text: string): void {
    this.#value += text
  }

  number(value: number): void {
    this.#value += String(value)
  }

  end(): void {
    this.#fields.push(this.#value)
    this.#value = ''
  }
}

/** Fields as the lines of a head. */
export class FieldLines implements FieldWriter {
  readonly #bytes: ByteText

  /** Adds to `bytes`. */
  constructor(bytes: ByteText) {
    this.#bytes = bytes
  }

  name(name: string): void {
    this.#bytes.latin1(name)
    this.#bytes.byte(COLON)
    this.#bytes.byte(SPACE)
  }

  text(text: string): void {
    this.#bytes.latin1(text)
  }

  number(value: number): void {
    this.#bytes.number(value)
  }

  end(): void {
    this.#bytes.byte(CR)
    this.#bytes.byte(LF)
  }
}

const COLON = 0x3a
const SPACE = 0x20
const CR = 0x0d
const LF = 0x0a
