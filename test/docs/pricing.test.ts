import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { quoteTable } from '../../src/cli/quote-table.ts'
import { renderTable } from '../../src/cli/table.ts'
import { parseQuotes } from '../../src/config/parse-quotes.ts'
import { PRICE_MODELS } from '../../src/config/price-fields.ts'
import { LINT_RULES } from '../../src/pricing/lint/finding.ts'
import { quote } from '../../src/pricing/quote.ts'

const FILE = join(import.meta.dirname, '../golden/price-examples.yaml')
const { requests } = parseQuotes(readFileSync(FILE, 'utf8'), 'price-examples.yaml')

// A change of an example changes the page: `npm run docs` writes it again.
test('docs/pricing.md is made of the worked examples', async () => {
  await expect(page()).toMatchFileSnapshot('../../docs/pricing.md')
})

test('every model has a worked example, and every example is right', () => {
  const shown = requests.map(({ price }) => String(price.model))
  expect(Object.keys(PRICE_MODELS).filter((model) => model !== 'tiered' && !shown.includes(model))).toEqual(
    [],
  )
  expect(requests.map(quote).filter(({ agrees }) => agrees !== true)).toEqual([])
})

function page(): string {
  return [
    ...OPENING,
    ...requests.flatMap((request) => {
      const quoted = quote(request)
      const { columns, rows } = quoteTable(quoted)
      return [
        `### ${request.id}`,
        '',
        `${request.note?.charAt(0).toUpperCase()}${request.note?.slice(1)}.`,
        '',
        '```yaml',
        stringify(caseOf(request)).trimEnd(),
        '```',
        '',
        '```',
        stripVTControlCharacters(renderTable(columns, rows, 80)),
        '```',
        '',
      ]
    }),
    ...CLOSING,
  ].join('\n')
}

/** The example as somebody would write it. */
function caseOf({ price, quantity, previousQuantity, events }: (typeof requests)[number]): object {
  const usage =
    price.model === 'flat'
      ? {}
      : events === null
        ? { quantity: Number(quantity) }
        : { events: events.map(Number) }
  return {
    price,
    ...(previousQuantity !== null && { previous_quantity: Number(previousQuantity) }),
    ...usage,
  }
}

const LINT_TEXTS: Readonly<Record<(typeof LINT_RULES)[number], string>> = {
  cliff:
    'More costs less: 100 units 210.00, 101 units 101.00. The way of `volume`; make it `graduated`, or mean it.',
  gap: 'Usage that no price covers: above the last band, of a meter without a charge, or between a quota and the price.',
  overlap: 'Two charges of one meter, or units that are free twice.',
  unreachable: 'A tier that no quota, limit or maximum lets anyone reach.',
  rise: 'A unit that costs more than those before it.',
}

const OPENING = [
  '# Prices',
  '',
  'What a plan charges, model by model, each with a worked example. This page is made from the examples of',
  '`test/golden/price-examples.yaml`, which the tests calculate: `npm run docs` writes it. What others publish about the same models is held',
  'by `test/golden/published-prices.yaml`.',
  '',
  '```sh',
  'gatez pricing quote cases.yaml      # what a quantity costs, and how that comes about',
  'gatez pricing lint                  # prices of gatez.yaml that can hardly be meant',
  'gatez pricing simulate --plans next.yaml --month 2026-03',
  'gatez usage report --month 2026-03  # what was used, and what it costs',
  '```',
  '',
  'A plan lists its charges. One with a `meter` prices what the meter counts in a billing period; one without is a fee, of model `flat`.',
  '',
  '```yaml',
  'charges:',
  '  - { id: fee, price: { model: flat, amount: "49.00" } }',
  '  - { id: calls, meter: calls, price: { model: per_unit, unit: "0.01", included: "10000" } }',
  '```',
  '',
  '## The rules',
  '',
  '- Numbers stand in quotes, so that they stay exact: prices with up to 12 places, quantities with up to 15. Inside a line nothing is rounded.',
  '  A line is rounded once, half a cent away from zero, to the digits of its currency (ISO 4217: 2 for USD, 0 for JPY, 3 for KWD).',
  '- `up_to` belongs to its tier: 10,000 is in "up to 10000", 10,000.001 is in the next. The last tier says `up_to: null`.',
  '- A `flat` amount in a tier is charged once when the tier is reached. The first tier holds 0 as well, so its flat amount is charged without any',
  '  use; a first tier `{ up_to: "0", flat: "0" }` charges it from the first unit on.',
  '- The terms of any price come in this order: `included` units cost nothing; the model prices the rest; `discount` takes off a percentage; `maximum`',
  '  and `minimum` hold for the period as a whole.',
  '- A second bill in a period costs what the period costs so far less what was billed before, both rounded: all bills of a period add up to',
  '  what one bill at its end would have said. The minimum is settled by the last.',
  '- A fee is billed for the days on which the subscription holds; the day of a change belongs to the new plan. What is metered is not parted.',
  '- A line is shared over keys by their quantity so that the parts add up to it (largest remainder). What belongs to no key, as a fee, stands on',
  '  an empty one.',
  '- Prices are those of the plan version that a tenant is on, with its own from `gatez tenants override --price`.',
  '- The ledger keeps sums. `percentage` with `fixed`, `free_events`, `min` or `max` needs single events: `pricing quote` calculates it, a plan',
  '  cannot bill it yet.',
  '',
  '## The models',
  '',
]

const CLOSING = [
  '## What `gatez pricing lint` looks for',
  '',
  '| Rule | |',
  '| --- | --- |',
  ...LINT_RULES.map((rule) => `| \`${rule}\` | ${LINT_TEXTS[rule]} |`),
  '',
  '`--allow RULE` tells of it and leaves the exit code at 0.',
  '',
]
