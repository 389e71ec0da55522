import { z } from '@hono/zod-openapi'
import { LINT_RULES } from '../../pricing/lint/finding.ts'
import { operation } from '../operation.ts'
import { filePlans } from './file-plans.ts'

const READ = { by: 'operator', scope: 'read' } as const
const PER_UNIT = { model: 'per_unit', unit: '0.002' }

const quotePrices = operation({
  id: 'quotePrices',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/pricing/quote',
  tag: 'plans',
  summary: 'Say what quantities cost at prices, exactly, and how that comes about. Reads and writes nothing.',
  access: READ,
  input: z.object({
    cases: z.array(z.record(z.string(), z.unknown())).min(1).max(1_000),
  }),
  answer: z.object({
    quotes: z.array(
      z
        .looseObject({
          ...{ id: z.string(), amount: z.string(), currency: z.string(), exact: z.string() },
          lines: z.array(z.looseObject({ part: z.string(), amount: z.string() })),
        })
        .openapi('Quote'),
    ),
  }),
  example: {
    input: { cases: [{ id: 'a', price: PER_UNIT, quantity: '1500' }] },
    answer: {
      quotes: [
        {
          ...{ id: 'a', amount: '3.00', currency: 'USD', exact: '3' },
          lines: [{ part: 'units', quantity: '1500', unit: '0.002', amount: '3' }],
        },
      ],
    },
  },
  handle: async (_, { cases }) => {
    // Loaded here, as below: few ask for it.
    const [{ parseQuotes }, { quote }] = await Promise.all([
      import('../../config/parse-quotes.ts'),
      import('../../pricing/quote.ts'),
    ])
    const { requests } = parseQuotes(JSON.stringify(cases), 'cases')
    return { quotes: requests.map(quote) }
  },
})

const lintPrices = operation({
  id: 'lintPrices',
  isRepeatable: true,
  method: 'post',
  path: '/api/v1/pricing/lint',
  tag: 'plans',
  summary:
    'Look for prices that can hardly be meant, as where more costs less: of these plans, or those of the file.',
  access: READ,
  input: z.object({ plans: filePlans.optional() }),
  answer: z.object({
    findings: z.array(
      z
        .looseObject({
          ...{ plan: z.string(), charge: z.string(), rule: z.enum(LINT_RULES), message: z.string() },
        })
        .openapi('PriceFinding'),
    ),
  }),
  example: {
    input: { plans: [] },
    answer: {
      findings: [
        {
          ...{ plan: 'pro', charge: 'calls', rule: 'cliff' },
          message: '1001 calls cost 5.00, 1000 cost 10.00',
        },
      ],
    },
  },
  handle: async ({ parts }, { plans }) => {
    const { lintPlan } = await import('../../pricing/lint/lint-plan.ts')
    const { plans: own, meters, billing } = parts.config()
    const place = { period: billing.period, decimalMeters: new Set(meters.map(({ id }) => id)) }
    return { findings: (plans ?? own).flatMap((plan) => lintPlan(plan, place)) }
  },
})

/** What is offered about prices that nobody pays yet. */
export const PRICING_OPERATIONS = { quotePrices, lintPrices }
