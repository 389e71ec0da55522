import { type ExactJson, JsonNumber, parseExactJson } from './exact-json.ts'

/** Why a text that may be JSON is not read as such; the message is public and names the place. */
export class UnclearJson extends Error {}

/** Lists and objects inside each other. */
const DEPTH_MAX = 64
/** A number with more digits is a mistake, or made to keep us busy. */
const NUMBER_LENGTH_MAX = 1_000

/**
 * Reads JSON of a stranger exactly. Throws `SyntaxError` when `text` is none, and `UnclearJson` when two programs
 * could read it differently: the same name twice in one object, lists within lists without end, numbers of
 * thousands of digits. A guess would be money.
 */
export function parseStrictJson(text: string): ExactJson {
  const shape = shapeOf(text)
  if (shape.depth > DEPTH_MAX)
    throw new UnclearJson(`It has lists or objects more than ${DEPTH_MAX} deep in each other.`)
  const value = parseExactJson(text)
  if (namesIn(value) !== shape.names) throw new UnclearJson(twiceText(text))
  return value
}

/** How many names a text writes down, and how deep it goes. Says nothing of use when it is no JSON. */
function shapeOf(text: string): { readonly names: number; readonly depth: number } {
  let [names, open, depth] = [0, 0, 0]
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) names += 1
    else if (code === BRACE || code === BRACKET) {
      open += 1
      if (open > depth) depth = open
    } else if (code === BRACE_END || code === BRACKET_END) open -= 1
  }
  return { names, depth }
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a]
const [BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x7b, 0x7d, 0x5b, 0x5d]

/** Where the quote is that ends the text beginning at `from`; the end of all when there is none. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end
    while (text.charCodeAt(before - 1) === BACKSLASH) before -= 1
    if ((end - before) % 2 === 0) return end
  }
  return text.length
}

/** How many names a value has, in all its objects. */
function namesIn(value: ExactJson): number {
  if (typeof value !== 'object' || value === null) return 0
  if (value instanceof JsonNumber) {
    if (value.text.length <= NUMBER_LENGTH_MAX) return 0
    throw new UnclearJson(
      `It has a number of ${value.text.length} characters; at most ${NUMBER_LENGTH_MAX} are read.`,
    )
  }
  let names = 0
  if (!Array.isArray(value)) names = Object.keys(value).length
  for (const part of Object.values(value)) names += namesIn(part)
  return names
}

/** Says which name stands twice. `text` is JSON in which one does. */
function twiceText(text: string): string {
  const objects: Set<string>[] = []
  let name = ''
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BRACE) objects.push(new Set())
    else if (code === BRACE_END) objects.pop()
    else if (code === QUOTE) {
      const end = endOfString(text, at)
      name = String(JSON.parse(text.slice(at, end + 1)))
      at = end
    } else if (code === COLON) {
      const names = objects.at(-1)
      if (names?.has(name) === true)
        return `The name ${JSON.stringify(name.slice(0, 40))} stands twice in one object.`
      names?.add(name)
    }
  }
  return 'A name stands twice in one object.'
}
