/** One system call of a traced program. */
export interface SystemCall {
  readonly thread: number
  readonly name: string
  /** Seconds since 1970 at which it was made. */
  readonly atS: number
  /** Its place in the order in which the tracer saw things happen: when it was made, and when it returned. */
  readonly began: number
  readonly ended: number
  /** What the descriptor it is about stands for: a path, or `TCP:[…]`; empty without one. */
  readonly target: string
  /** All strings in its arguments, in order, as bytes. */
  readonly strings: readonly Buffer[]
  /** The numbers among its arguments, in order, without the descriptor. */
  readonly numbers: readonly number[]
  /** What it returned; -1 when it failed. */
  readonly result: number
}

/**
 * Reads what `strace -f -yy -ttt -xx` wrote: calls in the order in which they were made.
 *
 * A call that others came in between of stands there in two parts, `<unfinished ...>` and `resumed`. What never
 * returned, because the program ended, is left out: nobody can have built on it.
 *
 * The tracer stops a thread before and after each call and writes each down before it lets go, so what a program
 * does because of a call that returned stands behind that return.
 */
export function parseStrace(text: string): SystemCall[] {
  const begun = new Map<string, { readonly began: number; readonly atS: number; readonly head: string }>()
  const calls: SystemCall[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const [, thread = '', seconds = '', rest = ''] = LINE.exec(line) ?? []
    if (rest === '' || rest.startsWith('+++') || rest.startsWith('---')) continue
    const [, resumed] = RESUMED.exec(rest) ?? []
    if (rest.endsWith(UNFINISHED)) {
      const head = rest.slice(0, -UNFINISHED.length)
      begun.set(thread, { began: index, atS: Number(seconds), head })
    } else if (resumed === undefined) {
      calls.push(callOf(thread, Number(seconds), { began: index, ended: index }, rest))
    } else {
      const start = begun.get(thread)
      begun.delete(thread)
      if (start === undefined) continue
      const whole = start.head + rest.slice(resumed.length)
      calls.push(callOf(thread, start.atS, { began: start.began, ended: index }, whole))
    }
  }
  return calls.sort((one, other) => one.began - other.began)
}

function callOf(
  thread: string,
  atS: number,
  order: { readonly began: number; readonly ended: number },
  text: string,
): SystemCall {
  const open = text.indexOf('(')
  const close = text.lastIndexOf(') = ')
  const args = text.slice(open + 1, close)
  const [, target = ''] = DESCRIPTOR.exec(args) ?? []
  const result = text.slice(close + 4)
  // The descriptor a call returned says what was opened.
  const [, opened = ''] = DESCRIPTOR.exec(result) ?? []
  return {
    thread: Number(thread),
    name: text.slice(0, open),
    atS,
    ...order,
    target: bytesOf(target === '' ? opened : target).toString(),
    strings: [...args.matchAll(STRING)].map(([, written = '']) => bytesOf(written)),
    numbers: args
      .replaceAll(STRING, '')
      .split(/[,[\]{}]/)
      .filter((part) => /^\s*(?:iov_len=)?-?\d+\s*$/.test(part))
      .map((part) => Number(part.replace('iov_len=', ''))),
    result: Number.parseInt(result, 10),
  }
}

/** Strings are written as `\x2f\x74…`, throughout. */
function bytesOf(written: string): Buffer {
  return written.includes('\\x') ? Buffer.from(written.replaceAll('\\x', ''), 'hex') : Buffer.from(written)
}

const LINE = /^(\d+) +(\d+\.\d+) (.*)$/
const RESUMED = /^(<\.\.\. \w+ resumed>,? ?)/
const UNFINISHED = ' <unfinished ...>'
/** A connection has an arrow in its name. */
const DESCRIPTOR = /^\d+<((?:->|[^<>])*)>/
const STRING = /"((?:\\x[0-9a-f]{2})*)"/g
