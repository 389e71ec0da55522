import { z } from '@hono/zod-openapi'
import { isoTime } from '../../lib/iso-time.ts'
import type { NodeRow } from '../../storage/ports/nodes.ts'
import { operation } from '../operation.ts'

/** A node on shared stores says several times a minute how far its events are in the ledger. */
const SILENT_MS = 60_000
const NOON = '2026-03-10T12:00:00.000Z'

const listNodes = operation({
  id: 'listNodes',
  method: 'get',
  path: '/api/v1/now/nodes',
  tag: 'now',
  summary:
    'List the processes that ever wrote here: whether they run, and how far their events are in the ledger.',
  description:
    'silent, on stores that nodes share: it neither ended nor said anything for a minute, and may hold events that no report shows yet. A node that is alone on its stores does not say how far its events are: shipped_at is null.',
  access: { by: 'operator', scope: 'read' },
  input: z.object({}),
  answer: z.object({
    nodes: z.array(
      z
        .object({
          node_id: z.string(),
          state: z.enum(['running', 'stopped', 'silent']),
          starts: z.number().int(),
          started_at: z.string(),
          shipped_at: z.string().nullable(),
          stopped_at: z.string().nullable(),
        })
        .openapi('Node'),
    ),
  }),
  example: {
    input: {},
    answer: {
      nodes: [
        {
          ...{ node_id: 'node_2f6k8m0q1r3t5w7x9z2b', state: 'running', starts: 3, started_at: NOON },
          ...{ shipped_at: NOON, stopped_at: null },
        },
      ],
    },
  },
  handle: async ({ store, clock }) => {
    const nodes = await store.nodes.list()
    // A node that is alone on its stores need tell nobody.
    const silentMs = store.isShared ? SILENT_MS : Number.POSITIVE_INFINITY
    return { nodes: nodes.map((node) => view(node, clock.nowMs() - silentMs)) }
  },
})

/** What is offered about the processes of an installation. */
export const NODE_OPERATIONS = { listNodes }

function view({ nodeId, epoch, startedAtMs, shippedAtMs, stoppedAtMs }: NodeRow, heardSinceMs: number) {
  const heardMs = Math.max(startedAtMs, shippedAtMs ?? 0)
  const state: 'running' | 'stopped' | 'silent' =
    stoppedAtMs !== null ? 'stopped' : heardMs < heardSinceMs ? 'silent' : 'running'
  return {
    ...{ node_id: nodeId, state, starts: epoch, started_at: isoTime(startedAtMs) },
    shipped_at: shippedAtMs === null ? null : isoTime(shippedAtMs),
    stopped_at: stoppedAtMs === null ? null : isoTime(stoppedAtMs),
  }
}
