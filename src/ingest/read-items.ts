import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { GatezError } from '../errors/gatez-error.ts'
import { type ExactJson, isExactObject } from '../lib/exact-json.ts'
import { parseStrictJson, UnclearJson } from '../lib/strict-json.ts'

/** One thing a file lists, or why it cannot be read. */
export type FileItem =
  | { readonly line: number; readonly item: ExactJson }
  | { readonly line: number; readonly fault: string }

/** Largest JSON document that is read as a whole; files with a line for each event may have any size. */
const DOCUMENT_LENGTH_MAX = 64 * 1024 * 1024

/**
 * What a file lists, in its order: one JSON object a line, of which only a piece is in memory at a time; or one
 * JSON document, an object or an array. `-` is standard input.
 *
 * `line` counts from 1; of an array it is the place in it. Throws `not-found` and `invalid-parameter` for what
 * is no file and no text.
 */
export async function* readItems(file: string, stdin: AsyncIterable<Uint8Array>): AsyncGenerator<FileItem> {
  const lines = numberedLines(file === '-' ? stdin : await open(file), file)
  const first = await nextFilled(lines)
  if (first === undefined) return
  const alone = itemOf(first)
  if ('item' in alone && isExactObject(alone.item)) yield alone
  else if (/^\s*[[{]/.test(first.text)) {
    yield* readDocument(first, lines)
    return
  } else yield alone
  for await (const line of lines) if (line.text.trim() !== '') yield itemOf(line)
}

interface Line {
  readonly line: number
  readonly text: string
}

async function open(file: string): Promise<AsyncIterable<Uint8Array>> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined || found.isDirectory())
    throw new GatezError('not-found', `There is no file ${JSON.stringify(file)}.`)
  return createReadStream(file)
}

async function* numberedLines(pieces: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Line> {
  let [line, rest] = [0, '']
  for await (const text of texts(pieces, file)) {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      line += 1
      yield { line, text: part }
    }
    if (rest.length > DOCUMENT_LENGTH_MAX) throw tooLong(file)
  }
  if (rest !== '') yield { line: line + 1, text: rest }
}

async function* texts(pieces: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const piece of pieces) yield decoder.decode(piece, { stream: true })
    yield decoder.decode()
  } catch (cause) {
    const why = cause instanceof TypeError ? 'is not UTF-8 text' : 'cannot be read'
    throw new GatezError('invalid-parameter', `${file} ${why}.`, { cause })
  }
}

async function nextFilled(lines: AsyncGenerator<Line>): Promise<Line | undefined> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) return undefined
    if (value.text.trim() !== '') return value
  }
}

function itemOf({ line, text }: Line): FileItem {
  try {
    return { line, item: parseStrictJson(text) }
  } catch (thrown) {
    return { line, fault: thrown instanceof UnclearJson ? `is not read. ${thrown.message}` : 'is not JSON' }
  }
}

/** A document over several lines. Where it is none after all, the lines are looked at one by one. */
async function* readDocument(first: Line, rest: AsyncGenerator<Line>): AsyncGenerator<FileItem> {
  const lines = [first]
  let length = first.text.length
  for await (const line of rest) {
    lines.push(line)
    length += line.text.length
    if (length > DOCUMENT_LENGTH_MAX) break
  }
  const whole = itemOf({ line: first.line, text: lines.map(({ text }) => text).join('\n') })
  if ('item' in whole) {
    const items: readonly ExactJson[] = Array.isArray(whole.item) ? whole.item : [whole.item]
    for (const [index, item] of items.entries()) yield { line: index + 1, item }
    return
  }
  for (const line of lines) if (line.text.trim() !== '') yield itemOf(line)
  for await (const line of rest) if (line.text.trim() !== '') yield itemOf(line)
}

function tooLong(file: string): GatezError {
  const detail = `${file} has a line of more than ${DOCUMENT_LENGTH_MAX} characters; write one event a line.`
  return new GatezError('invalid-parameter', detail)
}
