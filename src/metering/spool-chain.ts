import Database from 'better-sqlite3'
import type { Clock } from '../lib/clock.ts'
import { BackgroundSync } from './background-sync.ts'
import { Spool, type SpoolBatch } from './spool.ts'
import { removeSpoolFile, type SpoolFile, type SpoolPlace, spoolFileAt, spoolFiles } from './spool-files.ts'

/**
 * The whole spool, for the one thread that writes it: as a rule one file, after faults of the disk several.
 *
 * What a failed write or sync left on the disk nobody knows, so a file that had one is never written to
 * again: the same batches go to a new file, under the same places in the sequence, and shipping reads one
 * file after the other. Should the failed commit be found in the old file after all, it is known by its
 * places and not counted again. A file that was left goes when all it holds is shipped.
 */
export class SpoolChain {
  readonly #parts: SpoolChainParts
  readonly #left: LeftFile[]
  #number: number
  #nextSeq = 1
  #current: CurrentFile | undefined
  /** Why the last file was left, until events go to a new one. */
  #fault: unknown
  #shippedThrough = 0
  #removedThrough = 0

  /** Goes on with the newest file that is there; throws what SQLite throws when it cannot be opened. */
  constructor(parts: SpoolChainParts) {
    this.#parts = parts
    const files = spoolFiles(parts.path)
    this.#number = files.at(-1)?.number ?? 1
    this.#left = files.slice(0, -1).map((file) => ({ ...file, lastBatchId: undefined, bytes: 0 }))
    this.#current = this.#open(this.#number)
  }

  /**
   * Appends batches and removes, with the same commit, what was shipped: all are durable when it returns.
   *
   * Throws when neither the file nor a new one takes them; the same batches must be appended again then,
   * in the same order.
   */
  append(batches: readonly SpoolBatch[]): void {
    const current = this.#current
    if (current !== undefined) {
      try {
        this.#appendTo(current, batches)
        return
      } catch (error) {
        if (!isDiskFault(error)) throw error
        this.#leave(current, error)
      }
    }
    if (batches.length > 0) this.#appendToNew(batches)
  }

  /** Everything up to this place is in both stores. */
  shipped(place: SpoolPlace): void {
    if (place.file === this.#number) this.#shippedThrough = place.batchId
    for (const file of [...this.#left]) {
      const behind = file.lastBatchId ?? Number.POSITIVE_INFINITY
      const isDone = file.number < place.file || (file.number === place.file && behind <= place.batchId)
      if (isDone && removeSpoolFile(file.path)) this.#left.splice(this.#left.indexOf(file), 1)
    }
  }

  /** Work that no answer has to wait for. */
  tidyUp(): void {
    const current = this.#current
    try {
      current?.spool.tidyUp()
    } catch (error) {
      if (current !== undefined && isDiskFault(error)) this.#leave(current, error)
    }
  }

  /** Bytes in use, of all files. */
  usedBytes(): number {
    const current = this.#current
    let bytes = 0
    try {
      bytes = current?.spool.usedBytes() ?? 0
    } catch (error) {
      if (current === undefined || !isDiskFault(error)) throw error
      this.#leave(current, error)
    }
    return this.#left.reduce((sum, file) => sum + file.bytes, bytes)
  }

  close(): void {
    this.#current?.sync?.close()
    this.#current?.spool.close()
    this.#current = undefined
  }

  #open(number: number): CurrentFile {
    const { path, durability, epoch } = this.#parts
    const file = { number, path: spoolFileAt(path, number) }
    const { clock } = this.#parts
    const spool = new Spool({ path: file.path, durability, epoch, clock, firstSeq: this.#nextSeq })
    const opened: CurrentFile = { ...file, spool, sync: undefined }
    if (durability === 'process') {
      opened.sync = new BackgroundSync(`${file.path}-wal`, (error) => {
        if (this.#current === opened) this.#leave(opened, error)
      })
    }
    return opened
  }

  #appendTo({ spool, sync }: CurrentFile, batches: readonly SpoolBatch[]): void {
    const shipped = this.#shippedThrough > this.#removedThrough ? this.#shippedThrough : 0
    spool.append(batches, shipped)
    this.#nextSeq = spool.nextSeq
    if (shipped > 0) this.#removedThrough = shipped
    sync?.written()
  }

  /** A number is never used twice: who reads may still have a file open that was given up. */
  #appendToNew(batches: readonly SpoolBatch[]): void {
    this.#number += 1
    this.#shippedThrough = 0
    this.#removedThrough = 0
    let opened: CurrentFile | undefined
    try {
      opened = this.#open(this.#number)
      this.#appendTo(opened, batches)
    } catch (error) {
      opened?.sync?.close()
      closeQuietly(opened?.spool)
      removeSpoolFile(spoolFileAt(this.#parts.path, this.#number))
      throw error
    }
    this.#current = opened
    this.#parts.onNewFile(opened.path, this.#fault)
  }

  #leave(file: CurrentFile, fault: unknown): void {
    const { number, path, spool, sync } = file
    this.#fault = fault
    this.#current = undefined
    let bytes = 0
    try {
      bytes = spool.usedBytes()
    } catch {
      // Not even that can be read.
    }
    this.#left.push({ number, path, lastBatchId: spool.lastBatchId, bytes })
    sync?.close()
    closeQuietly(spool)
  }
}

export interface SpoolChainParts {
  /** Of the first file. */
  readonly path: string
  readonly durability: 'disk' | 'process'
  readonly epoch: number
  readonly clock: Clock
  /** Events go to a new file, because of what happened to the one before. */
  readonly onNewFile: (path: string, fault: unknown) => void
}

interface CurrentFile extends SpoolFile {
  readonly spool: Spool
  sync: BackgroundSync | undefined
}

interface LeftFile extends SpoolFile {
  /** Undefined when an earlier run left it: it is done with when a later file was read. */
  readonly lastBatchId: number | undefined
  readonly bytes: number
}

/** Whether the file itself is to blame. A full disk is not one of these: what was written is whole. */
function isDiskFault(error: unknown): boolean {
  return error instanceof Database.SqliteError && FAULTS.some((fault) => error.code.startsWith(fault))
}

const FAULTS = ['SQLITE_IOERR', 'SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_READONLY', 'SQLITE_CANTOPEN']

function closeQuietly(spool: Spool | undefined): void {
  try {
    spool?.close()
  } catch {
    // It was given up already.
  }
}
