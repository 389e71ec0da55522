import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { GatezError } from '../errors/gatez-error.ts'
import { maskSecret, secretsIn, withoutSecrets } from '../model/key.ts'
import type { FoundKey } from './scan-keys.ts'

/**
 * Looks for keys in every line git ever recorded of `path`, on all branches, tags and stashes, and in the
 * messages of the commits; each with the oldest commit that has it.
 *
 * Throws `invalid-parameter` when `path` is in no repository or git is not installed.
 */
export async function scanHistory(path: string): Promise<HistoryScan> {
  const isFolder = (await lstat(path)).isDirectory()
  const folder = isFolder ? path : dirname(path)
  const child = spawn('git', [...GIT, '-C', folder, ...LOG, '--', isFolder ? '.' : basename(path)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, COMPLAINT_LENGTH_MAX)
  })
  const ended = once(child, 'close')
  // Awaited below; until then a rejection is not unhandled.
  ended.catch(() => undefined)

  const reader = new LogReader()
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) {
    reader.read(line)
  }
  const [code] = await ended.catch(() => ['missing'])
  if (code !== 0) throw gitProblem(path, code === 'missing' ? 'git is not installed' : complaint)
  return { commits: reader.commits, found: reader.found }
}

export interface HistoryScan {
  readonly commits: number
  readonly found: readonly FoundKey[]
}

const COMPLAINT_LENGTH_MAX = 500

// What a repository's own settings could change in the output, or have run, is set here.
const GIT = [
  ...['-c', 'core.quotePath=false', '-c', 'diff.noprefix=false', '-c', 'diff.mnemonicPrefix=false'],
  ...['-c', 'log.showSignature=false', '-c', 'core.fsmonitor=false'],
]
const LOG = [
  ...['--no-pager', 'log', '--all', '--topo-order', '--reverse', '-p', '-U0', '--no-color', '--no-renames'],
  ...['--no-ext-diff', '--no-textconv', '--diff-merges=first-parent', '--format=%x00%H%x00%B%x00'],
]

/** Follows the output of git log line by line. */
class LogReader {
  commits = 0
  readonly found: FoundKey[] = []
  readonly #seen = new Set<string>()
  #commit = ''
  #inMessage = false
  #file = ''
  #line = 0
  /** Lines of the hunk that are still to come: by them a line of a file is told from one of git. */
  #added = 0
  #removed = 0

  read(line: string): void {
    if (this.#inMessage) this.#readMessage(line)
    else if (line.startsWith('\0')) this.#begin(line)
    else if (this.#added > 0 && line.startsWith('+')) this.#readAdded(line)
    else if (this.#removed > 0 && line.startsWith('-')) this.#removed -= 1
    else if (line.startsWith('+++ '))
      this.#file = line
        .slice(4)
        .replace(/^"?b\//, '')
        .replace(/["\t]+$/, '')
    else if (line.startsWith('@@ ')) this.#readHunk(line)
  }

  #begin(line: string): void {
    const [, commit = '', message = '', end] = line.split('\0')
    this.commits += 1
    this.#commit = commit
    this.#added = 0
    this.#removed = 0
    this.#inMessage = end === undefined
    this.#look(message, '(message)', 0)
  }

  #readMessage(line: string): void {
    this.#inMessage = !line.endsWith('\0')
    this.#look(line, '(message)', 0)
  }

  #readAdded(line: string): void {
    this.#look(line, this.#file, this.#line)
    this.#line += 1
    this.#added -= 1
  }

  #readHunk(line: string): void {
    const [, removed = '1', first = '1', added = '1'] = HUNK.exec(line) ?? []
    this.#removed = Number(removed)
    this.#line = Number(first)
    this.#added = Number(added)
  }

  #look(text: string, file: string, line: number): void {
    for (const { secret } of secretsIn(text)) {
      const name = `${secret} ${file}`
      if (this.#seen.has(name)) continue
      this.#seen.add(name)
      const commit = this.#commit
      this.found.push({ file: withoutSecrets(file), line, commit, masked: maskSecret(secret) })
    }
  }
}

const HUNK = /^@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/

function gitProblem(path: string, complaint: string): GatezError {
  const why = complaint.trim().split('\n')[0] ?? ''
  const detail = `The history of ${JSON.stringify(path)} cannot be read: ${withoutSecrets(why)}. Leave --history out to scan the files alone.`
  return new GatezError('invalid-parameter', detail)
}
