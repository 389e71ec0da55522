import { GatezError } from '../errors/gatez-error.ts'
import { readTextFile } from './read-text-file.ts'

/** The text of a file that a user named, or of standard input where they named `-`. */
export async function readInput(file: string, bytesMax: number): Promise<string> {
  if (file !== '-') return readTextFile(file, bytesMax)
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8')) {
    text += piece
    if (text.length > bytesMax) {
      throw new GatezError(
        'invalid-parameter',
        `standard input holds over ${bytesMax} characters; write a file.`,
      )
    }
  }
  return text
}
