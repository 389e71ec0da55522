import { basename, dirname } from 'node:path'
import type { Random } from '../random.ts'
import { Inode } from './inode.ts'
import type { SystemCall } from './parse-strace.ts'

/**
 * The files of one folder as a traced program wrote them, and as a power cut at any moment would leave them.
 *
 * What the disk was told to sync, and said it did, is there. Of all else any part may be: of each write each
 * sector by itself, of what was truncated, of names that were made or removed. A name is there for sure once
 * its folder was synced, as POSIX has it, though most file systems are kinder.
 */
export class TracedFiles {
  readonly #calls: readonly SafeCall[]
  readonly #base: ReadonlyMap<string, Buffer>

  /** `base` is what was there, on the disk, before the program began: name → bytes; `only` leaves files out. */
  constructor(
    calls: readonly SystemCall[],
    folder: string,
    base: ReadonlyMap<string, Buffer>,
    only: (name: string) => boolean = () => true,
  ) {
    this.#base = base
    const mine = calls.filter(({ result, ...call }) => result >= 0 && fileOf(call, folder) !== undefined)
    const syncs = new SyncTimes(calls)
    this.#calls = mine.flatMap((call) => {
      const path = fileOf(call, folder) ?? ''
      const safeAt = NAMING.has(call.name) ? syncs.after(folder, call.ended) : syncs.after(path, call.ended)
      return only(basename(path)) ? [{ call, file: basename(path), safeAt }] : []
    })
  }

  /** What is there for sure when the power goes at this moment in the order of calls: name → bytes. */
  certain(moment: number): Map<string, Buffer> {
    return this.#after(moment, () => false)
  }

  /** What may be there: of all that is not sure, something. */
  possible(moment: number, random: Random): Map<string, Buffer> {
    // From nothing of it to all of it.
    const share = random(5)
    return this.#after(moment, () => random(4) < share)
  }

  #after(moment: number, survives: () => boolean): Map<string, Buffer> {
    const disk = new Disk(this.#base)
    for (const { call, file, safeAt } of this.#calls) {
      if (call.began >= moment) break
      disk.take(call, file, safeAt < moment ? () => true : survives)
    }
    return disk.contents()
  }
}

interface SafeCall {
  readonly call: SystemCall
  readonly file: string
  /** The moment from which on what it did survives; infinite when nothing was synced afterwards. */
  readonly safeAt: number
}

/** Calls that change which names there are. */
const NAMING: ReadonlySet<string> = new Set(['openat', 'unlink', 'unlinkat', 'rename'])

/** The path a call is about, when it lies in the folder. */
function fileOf(
  { name, target, strings }: Pick<SystemCall, 'name' | 'target' | 'strings'>,
  folder: string,
): string | undefined {
  const path = name === 'openat' || !NAMING.has(name) ? target : (strings.at(-1)?.toString() ?? '')
  return dirname(path) === folder ? path : undefined
}

/** When each file and folder was synced. */
class SyncTimes {
  readonly #byPath = new Map<string, { readonly began: number; readonly ended: number }[]>()

  constructor(calls: readonly SystemCall[]) {
    for (const { name, target, began, ended, result } of calls) {
      if ((name !== 'fsync' && name !== 'fdatasync') || result !== 0) continue
      const times = this.#byPath.get(target) ?? []
      times.push({ began, ended })
      this.#byPath.set(target, times)
    }
  }

  /** When the first sync of the path that began after this moment had returned. */
  after(path: string, moment: number): number {
    let first = Number.POSITIVE_INFINITY
    for (const { began, ended } of this.#byPath.get(path) ?? []) {
      if (began > moment && ended < first) first = ended
    }
    return first
  }
}

/** Names and files, as the program sees them and as they are on the disk. */
class Disk {
  readonly #seen = new Map<string, Inode>()
  readonly #kept = new Map<string, Inode>()

  constructor(base: ReadonlyMap<string, Buffer>) {
    for (const [name, bytes] of base) {
      const inode = new Inode(bytes)
      this.#seen.set(name, inode)
      this.#kept.set(name, inode)
    }
  }

  contents(): Map<string, Buffer> {
    return new Map([...this.#kept].map(([name, inode]) => [name, inode.contents()]))
  }

  /** Does what a call did, as far as it survives. */
  take(call: SystemCall, file: string, survives: () => boolean): void {
    const inode = this.#seen.get(file)
    if (call.name === 'openat') this.#open(file, survives())
    else if (call.name === 'unlink' || call.name === 'unlinkat') this.#remove(file, survives())
    else if (call.name === 'rename') this.#rename(basename(call.strings[0]!.toString()), file, survives())
    else if (call.name === 'pwrite64') {
      inode?.write(call.numbers.at(-1)!, call.strings[0]!.subarray(0, call.result), survives)
    } else if (call.name === 'write') inode?.append(call.strings[0]!.subarray(0, call.result), survives)
    else if (call.name === 'ftruncate' && survives()) inode?.resize(call.numbers[0]!)
  }

  #open(name: string, isKept: boolean): void {
    const inode = this.#seen.get(name) ?? new Inode(Buffer.alloc(0))
    this.#seen.set(name, inode)
    if (isKept) this.#kept.set(name, inode)
  }

  #remove(name: string, isKept: boolean): void {
    this.#seen.delete(name)
    if (isKept) this.#kept.delete(name)
  }

  #rename(from: string, to: string, isKept: boolean): void {
    const inode = this.#seen.get(from)
    if (inode === undefined) return
    this.#seen.delete(from)
    this.#seen.set(to, inode)
    if (!isKept) return
    this.#kept.delete(from)
    this.#kept.set(to, inode)
  }
}
