import { GatezError } from '../errors/gatez-error.ts'
import { readTextFile } from './read-text-file.ts'

/**
 * Reads a secret from a file or, without one, from stdin; blanks and line ends around it are left out.
 *
 * Never from the command line: other users of the machine can read that. A terminal is no place either,
 * because it shows what is typed. Throws `invalid-parameter` for what holds no secret.
 */
export async function readSecret(
  file: string | undefined,
  stdin: SecretInput = process.stdin,
): Promise<string> {
  const text = file === undefined ? await fromStdin(stdin) : await readTextFile(file, LENGTH_MAX)
  const secret = text.trim()
  const from = file === undefined ? 'stdin' : file
  if (secret === '') throw new GatezError('invalid-parameter', `${from} is empty: it must hold the key.`)
  if (/\s/.test(secret)) {
    throw new GatezError('invalid-parameter', `${from} holds more than one word: it must hold the key alone.`)
  }
  return secret
}

/** Where a secret is piped in. */
export interface SecretInput extends AsyncIterable<string | Buffer> {
  readonly isTTY?: boolean
}

const LENGTH_MAX = 4096

async function fromStdin(stdin: SecretInput): Promise<string> {
  if (stdin.isTTY === true) {
    const detail =
      'the key is read from a pipe or a file, not typed: gatez keys verify < key.txt, or --key-file key.txt.'
    throw new GatezError('invalid-parameter', detail)
  }
  let text = ''
  for await (const piece of stdin) {
    text += piece.toString()
    if (text.length > LENGTH_MAX) throw tooLong()
  }
  return text
}

function tooLong(): GatezError {
  return new GatezError('invalid-parameter', `stdin holds over ${LENGTH_MAX} characters, which is no key.`)
}
