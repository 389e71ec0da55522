import { z } from '@hono/zod-openapi'
import { operation } from '../operation.ts'
import { pageFrom } from '../page.ts'
import { pageOf, paging, tenantName } from '../schemas.ts'
import { EXAMPLES } from './examples.ts'

const READ = { by: 'operator', scope: 'read' } as const

/** More are not looked at: the newest. */
const DEGRADED_MAX = 100_000

const time = z.string().openapi({ format: 'date-time' })

const listQuotas = operation({
  id: 'listQuotas',
  method: 'get',
  path: '/api/v1/usage/quotas',
  tag: 'usage',
  summary: 'List how far the quotas of tenants are used, and which alerts went out.',
  access: READ,
  input: z.object({ ...paging, tenant: tenantName.optional() }),
  answer: pageOf(
    z
      .looseObject({
        ...{ tenant_id: z.string(), plan: z.string(), quota: z.string(), meter: z.string() },
        ...{ used: z.string(), included: z.string(), percent: z.string().nullable() },
        ...{ on_exceed: z.string(), from: time, to: time, told: z.array(z.number().int()) },
      })
      .openapi('QuotaUse'),
  ),
  errors: ['not-found'],
  example: {
    input: { tenant: 'acme' },
    answer: {
      data: [
        {
          ...{ tenant_id: 'acme', plan: 'pro', quota: 'calls-month', meter: 'calls', used: '170000' },
          ...{ included: '200000', percent: '85', on_exceed: 'bill' },
          ...{ from: EXAMPLES.report.from, to: EXAMPLES.report.to, told: [80] },
        },
      ],
      next: null,
    },
  },
  handle: async ({ cases }, { tenant, ...asked }) => {
    const rows = await cases.listQuotas({ tenant })
    const places = new Map(rows.map((row, index) => [row, String(index).padStart(9, '0')]))
    return pageFrom(rows, asked, (row) => places.get(row) ?? '')
  },
})

const listDegraded = operation({
  id: 'listDegraded',
  method: 'get',
  path: '/api/v1/usage/degraded',
  tag: 'usage',
  summary: 'List calls that were decided while the shared counters were out of reach, newest first.',
  access: READ,
  input: z.object({ ...paging, tenant: tenantName.optional() }),
  answer: pageOf(
    z
      .looseObject({
        ...{ from: time, to: time, tenant_id: z.string(), mode: z.string() },
        ...{ admitted: z.number().int(), refused: z.number().int(), node_id: z.string() },
      })
      .openapi('DegradedCalls'),
  ),
  errors: ['not-found'],
  example: {
    input: {},
    answer: {
      data: [
        {
          ...{ from: '2026-03-10T12:00:00.000Z', to: '2026-03-10T12:00:10.000Z', tenant_id: 'acme' },
          ...{ mode: 'local', admitted: 12, refused: 3, node_id: EXAMPLES.event.node_id },
        },
      ],
      next: null,
    },
  },
  handle: async ({ cases }, { tenant, ...asked }) => {
    const { rows } = await cases.listDegraded({ tenant, limit: DEGRADED_MAX })
    return pageFrom(rows, asked, (row) => `${row.from} ${row.tenant_id} ${row.node_id} ${row.mode}`)
  },
})

/** What is offered about how usage stands right now. */
export const USAGE_STATE_OPERATIONS = { listQuotas, listDegraded }
