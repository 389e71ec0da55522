import { createInterface } from 'node:readline/promises'
import { GatezError } from '../errors/gatez-error.ts'

/**
 * Asks before something that cannot be undone; returns when it was confirmed, else throws `not-confirmed`.
 *
 * With `yes` nothing is asked. At a terminal the answer is y, or `typed` word for word where more is at
 * stake. Where nobody can be asked it is refused, and the way to say yes is named. The question goes to
 * stderr: stdout belongs to the result.
 */
export async function confirm(question: Confirmation, terminal: Terminal = process): Promise<void> {
  if (question.yes) return
  const { stdin, stderr } = terminal
  if (question.json || stdin.isTTY !== true || stderr.isTTY !== true) {
    if (question.unattended === 'go-on') return
    throw new GatezError(
      'not-confirmed',
      `${question.what} This needs --yes where there is no terminal to ask.`,
    )
  }
  const asked = question.typed === undefined ? 'Go on? [y/N] ' : `Type ${question.typed} to go on: `
  const answer = await ask(terminal, `${question.what}\n${asked}`)
  const confirmed = question.typed === undefined ? /^y(?:es)?$/i.test(answer) : answer === question.typed
  if (!confirmed) throw new GatezError('not-confirmed', 'Nothing was changed.')
}

export interface Confirmation {
  /** What would happen, in a sentence. */
  readonly what: string
  /** The word to type, where y is too easy. */
  readonly typed?: string | undefined
  /** The flag --yes. */
  readonly yes: boolean
  /** What happens where nobody can be asked; refused if not given. */
  readonly unattended?: 'go-on' | undefined
  /** With --json a script reads, and no one answers. */
  readonly json: boolean
}

/** Where questions are asked: of `process`, what it takes. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
}

/** One line; empty when input ends or Ctrl-C is pressed. */
async function ask({ stdin, stderr }: Terminal, prompt: string): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr })
  const closed = new Promise<string>((resolve) => {
    lines.once('close', () => resolve(''))
  })
  try {
    return (await Promise.race([lines.question(prompt), closed])).trim()
  } finally {
    lines.close()
  }
}
