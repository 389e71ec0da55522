import * as Args from '@oclif/core/args'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { quoteTable } from '../../src/cli/quote-table.ts'
import { readInput } from '../../src/cli/read-input.ts'
import { parseQuotes } from '../../src/config/parse-quotes.ts'
import { type Quote, quote } from '../../src/pricing/quote.ts'

export default class PricingQuote extends GatezCommand {
  static override summary = 'Say what a quantity costs at a price, and how that comes about.'
  static override description =
    'FILE holds one case or a list of them, YAML or JSON: price (as in gatez.yaml), quantity or events, perhaps id, note, currency (USD ' +
    'if not given), previous_quantity (what earlier bills of the period billed) and expect (an amount to compare with: exit code 1 ' +
    'when it is another). Calculates exactly and rounds once. No store is opened.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> prices.yaml',
    '<%= config.bin %> <%= command.id %> - --json < prices.yaml',
  ]
  static override args = {
    file: Args.string({ description: 'The cases; - reads them from standard input.', required: true }),
  }

  async run(): Promise<Quote | readonly Quote[]> {
    const { args } = await this.parse(PricingQuote)
    const { isList, requests } = parseQuotes(await readInput(args.file, BYTES_MAX), args.file)
    const quotes = requests.map(quote)
    for (const each of quotes) this.#print(each)

    const wrong = quotes.filter(({ agrees }) => agrees === false)
    if (wrong.length > 0) process.exitCode = 1
    const [first] = quotes
    return isList || first === undefined ? quotes : first
  }

  #print(quoted: Quote): void {
    const { id, note, amount, currency, expect, agrees } = quoted
    this.log(`${id}: ${amount} ${currency}${note === undefined ? '' : `  (${note})`}`)
    if (agrees === false) this.log(`expected ${expect}, which it is not`)
    const { columns, rows } = quoteTable(quoted)
    this.log('')
    this.table(columns, rows, '')
    this.log('')
  }
}

const BYTES_MAX = 10_000_000
