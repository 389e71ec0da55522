import type { ControlClient } from '../control/client.ts'
import { type BoardData, type Call, readReport } from './board-data.ts'

/** What the screen shows now, so that nothing else is asked for. */
export interface Wish {
  readonly calls: CallFilter
  /** Ids of the tenants whose limits are to be seen. */
  readonly limitsOf: readonly string[]
  /** The tenant that is opened. */
  readonly tenant?: string | undefined
  /** The call that is explained: an event id. */
  readonly call?: string | undefined
  readonly health: boolean
  readonly revenue: boolean
}

export interface CallFilter {
  readonly tenant?: string | undefined
  readonly key?: string | undefined
  /** As `4xx,5xx`. */
  readonly status?: string | undefined
}

/** One question that is asked again and again. */
export interface Feed {
  readonly name: string
  /** How often, at most; a slow answer makes it seldom. */
  readonly everyMs: number
  /** What exactly is asked for now, as a text; undefined when nothing is. */
  wanted(wish: Wish): string | undefined
  read(client: ControlClient, wish: Wish): Promise<Partial<BoardData>>
}

/** Calls that are kept to be looked through. */
const CALLS = '300'
/** Events looked through for them in one look: what a busy gateway takes in a second, and more where few match. */
export const LOOK_BACK = { all: 5_000, some: 20_000 } as const
const ALWAYS = (): string => ''

/** All questions the dashboard asks. */
export const FEEDS: readonly Feed[] = [
  {
    name: 'access',
    everyMs: 60_000,
    wanted: ALWAYS,
    read: async (client) => ({ access: await client.call('myAccess', {}) }),
  },
  {
    name: 'settings',
    everyMs: 60_000,
    wanted: ALWAYS,
    read: async (client) => ({ settings: await client.call('settings', {}) }),
  },
  {
    name: 'traffic',
    everyMs: 1_000,
    wanted: ALWAYS,
    read: async (client) => ({ traffic: (await client.call('trafficNow', {})).traffic }),
  },
  {
    name: 'report',
    everyMs: 2_000,
    wanted: ALWAYS,
    read: async (client) => ({ report: readReport(await client.call('usageReport', {}), 'tenant') }),
  },
  {
    name: 'tenants',
    everyMs: 10_000,
    wanted: ALWAYS,
    read: async (client) => ({ tenants: await client.all('listTenants', {}) }),
  },
  {
    name: 'quotas',
    everyMs: 10_000,
    wanted: ALWAYS,
    read: async (client) => ({ quotas: (await client.call('listQuotas', {})).data }),
  },
  {
    name: 'limits',
    everyMs: 2_000,
    wanted: ({ limitsOf }) => (limitsOf.length === 0 ? undefined : limitsOf.join(',')),
    read: async (client, { limitsOf }) => ({
      limits: (await client.call('limitsNow', { tenants: limitsOf.join(',') })).data,
    }),
  },
  {
    name: 'approvals',
    everyMs: 3_000,
    wanted: ALWAYS,
    read: async (client) => ({ requests: await client.all('listKeys', { status: 'requested' }) }),
  },
  {
    name: 'calls',
    everyMs: 1_000,
    wanted: ({ calls: { tenant, key, status } }) => JSON.stringify([tenant, key, status]),
    read: async (client, { calls }) => ({ calls: await readCalls(client, calls) }),
  },
  {
    name: 'tenant',
    everyMs: 3_000,
    wanted: ({ tenant }) => tenant,
    read: async (client, { tenant = '' }) => {
      const [details, keys, report] = await Promise.all([
        client.call('showTenant', { tenant }),
        client.all('listKeys', { tenant }),
        client.call('usageReport', { tenant, by: 'key' }),
      ])
      return { tenant: { id: tenant, details, keys, report: readReport(report, 'key') } }
    },
  },
  {
    name: 'why',
    everyMs: 5_000,
    wanted: ({ call }) => call,
    read: async (client, { call = '' }) => ({
      why: { id: call, answer: await client.call('why', { id: call }) },
    }),
  },
  {
    name: 'revenue',
    everyMs: 5_000,
    wanted: ({ revenue }) => (revenue ? '' : undefined),
    read: async (client) => ({ revenue: await client.call('revenue', {}) }),
  },
  {
    name: 'health',
    everyMs: 15_000,
    wanted: ({ health }) => (health ? '' : undefined),
    read: async (client) => {
      const [{ findings }, { rows }] = await Promise.all([
        client.call('health', {}),
        client.call('listDegraded', { limit: '20' }),
      ])
      return { health: findings, degraded: rows }
    },
  },
]

async function readCalls(client: ControlClient, filter: CallFilter): Promise<readonly Call[]> {
  const lookBack = String(isFiltered(filter) ? LOOK_BACK.some : LOOK_BACK.all)
  const input = { ...filter, last: CALLS, look_back: lookBack, parts: 'ends' } as const
  const response = await client.stream('tailUsage', input, { signal: AbortSignal.timeout(ANSWER_MS) })
  const text = await response.text()
  const calls = text.split('\n').flatMap((each): Call[] => (each === '' ? [] : [JSON.parse(each)]))
  return calls.reverse()
}

function isFiltered({ tenant, key, status }: CallFilter): boolean {
  return tenant !== undefined || key !== undefined || status !== undefined
}

const ANSWER_MS = 20_000
