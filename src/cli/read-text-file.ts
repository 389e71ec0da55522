import { readFile, stat } from 'node:fs/promises'
import { GatezError } from '../errors/gatez-error.ts'

/** The text of a file that a user named; throws `not-found` or `invalid-parameter` for what is none. */
export async function readTextFile(file: string, bytesMax: number): Promise<string> {
  const found = await stat(file).catch(() => undefined)
  if (found === undefined || !found.isFile()) {
    throw new GatezError('not-found', `There is no file ${JSON.stringify(file)}.`)
  }
  if (found.size > bytesMax) {
    const detail = `${file} has ${found.size} bytes; at most ${bytesMax} are read at once. Split it.`
    throw new GatezError('invalid-parameter', detail)
  }
  const bytes = await readFile(file).catch(() => undefined)
  if (bytes === undefined) throw new GatezError('invalid-parameter', `${file} cannot be read.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new GatezError('invalid-parameter', `${file} is not UTF-8 text.`)
  }
}
