import type { Visit } from './cases.ts'

/** The lines of an answer, as they come. */
export async function* linesOf({ body }: Response): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of body ?? []) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) yield lines
  }
}

/** Hands over each line of an answer, read as JSON. */
export async function visitLines<Value>(response: Response, each: Visit<Value>): Promise<void> {
  for await (const lines of linesOf(response)) for (const line of lines) await each(JSON.parse(line))
}
