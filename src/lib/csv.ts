/** A record of a CSV file: its fields, and the line of the file it begins on. */
export interface CsvRecord {
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * Reads CSV as RFC 4180 has it: commas, fields in double quotes when they need them, any line ends.
 *
 * A byte order mark and empty lines are passed over. `problem` is set, with the line, when a quoted field
 * does not end or text follows it; what was read up to there is returned.
 */
export function parseCsv(text: string): ParsedCsv {
  const records: CsvRecord[] = []
  let position = text.startsWith('\uFEFF') ? 1 : 0
  let line = 1
  let fields: string[] = []
  let recordLine = line

  while (position < text.length || fields.length > 0) {
    FIELD.lastIndex = position
    const match = FIELD.exec(text)
    if (match === null)
      return { records, problem: { line: recordLine, what: 'a quoted field has no proper end' } }
    const [whole, quoted, bare = '', end = ''] = match
    fields.push(quoted === undefined ? bare : quoted.replaceAll('""', '"'))
    position += whole.length
    line += quoted === undefined ? 0 : quoted.split(LINE_END).length - 1
    if (end === ',') continue
    if (fields.length > 1 || fields[0] !== '') records.push({ line: recordLine, fields })
    fields = []
    line += 1
    recordLine = line
  }
  return { records, problem: undefined }
}

export interface ParsedCsv {
  readonly records: readonly CsvRecord[]
  readonly problem: { readonly line: number; readonly what: string } | undefined
}

const LINE_END = /\r\n|\n|\r/
const FIELD = /(?:"([^"]*(?:""[^"]*)*)"|([^",\r\n]*))(,|\r\n|\n|\r|$)/y
