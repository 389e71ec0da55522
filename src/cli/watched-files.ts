import { statSync } from 'node:fs'
import type { Environment } from '../config/environment.ts'
import { namedFiles } from '../config/named-files.ts'

/**
 * `gatez.yaml` and the files it names, to be asked now and then whether they changed.
 *
 * A change counts once nothing changed any more between two looks: files are written piece by piece, and a
 * certificate and its key one after the other. A file that is gone is no change: whoever replaces it is about
 * to put the new one in its place. A `gatez.yaml` that names what is not there is one, so that this is told.
 */
export class WatchedFiles {
  readonly #file: string
  readonly #env: Environment
  /** The files named when `gatez.yaml` looked like `#readAs`. */
  #named: readonly string[] = []
  #readAs = GONE
  #seen: State
  #next: State | undefined

  /** To be made before `gatez.yaml` is first read: a change since then counts, too. */
  constructor(file: string, env: Environment) {
    this.#file = file
    this.#env = env
    this.#seen = this.#look()
  }

  /** What changed since the last answer or `markSeen`; undefined when nothing did, or not all of it is there yet. */
  changed(): 'file' | 'named' | undefined {
    const now = this.#look()
    const isNew = !isSame(now, this.#seen)
    const isStill = this.#next !== undefined && isSame(now, this.#next)
    this.#next = isNew ? now : undefined
    if (!isNew || !isStill || now.file === GONE) return undefined
    const what = now.file === this.#seen.file ? 'named' : 'file'
    if (what === 'named' && now.named.includes(GONE)) return undefined
    this.#seen = now
    this.#next = undefined
    return what
  }

  /** Takes all as it is now for known. */
  markSeen(): void {
    this.#seen = this.#look()
    this.#next = undefined
  }

  #look(): State {
    const file = stateOf(this.#file)
    if (file !== this.#readAs) {
      this.#named = file === GONE ? [] : namedFiles(this.#file, this.#env)
      this.#readAs = file
    }
    return { file, named: this.#named.map(stateOf) }
  }
}

/** Something that differs whenever a file was written or replaced. */
interface State {
  readonly file: string
  readonly named: readonly string[]
}

const GONE = ''

function isSame(one: State, other: State): boolean {
  return one.file === other.file && one.named.join('\n') === other.named.join('\n')
}

function stateOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined ? GONE : `${stat.mtimeMs} ${stat.ctimeMs} ${stat.size} ${stat.ino}`
}
