/** The bytes of one file, as far as they are on the disk. */
export class Inode {
  #bytes: Buffer
  #length: number
  /** Where the program's next `write` goes; further than `#length` when something before it did not survive. */
  #end: number

  constructor(bytes: Buffer) {
    this.#bytes = Buffer.from(bytes)
    this.#length = bytes.length
    this.#end = bytes.length
  }

  contents(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  /** Puts each sector that survives where it belongs. */
  write(offset: number, bytes: Buffer, survives: () => boolean): void {
    for (let from = 0; from < bytes.length; ) {
      const to = Math.min(bytes.length, from + SECTOR - ((offset + from) % SECTOR))
      if (survives()) this.#put(offset + from, bytes.subarray(from, to))
      from = to
    }
    this.#end = Math.max(this.#end, offset + bytes.length)
  }

  append(bytes: Buffer, survives: () => boolean): void {
    this.write(this.#end, bytes, survives)
  }

  resize(length: number): void {
    if (length > this.#length) this.#put(length, Buffer.alloc(0))
    this.#length = length
    this.#end = length
  }

  #put(offset: number, bytes: Buffer): void {
    const end = offset + bytes.length
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    // What lay behind the end of a shorter file is gone.
    if (offset > this.#length) this.#bytes.fill(0, this.#length, offset)
    bytes.copy(this.#bytes, offset)
    this.#length = Math.max(this.#length, end)
  }
}

const SECTOR = 512
