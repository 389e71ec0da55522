/** The secrets of two customers. */
export interface DemoKeys {
  readonly pro: string
  readonly free: string
}

/**
 * Sends real calls, the way two customers would: one on the plan pro, who also asks for what is not
 * there, and one on free, who runs into its limit and into endpoints that its plan does not open.
 *
 * Returns how many answers there were of each status. Ends early when `signal` aborts.
 */
export async function sendTraffic(
  gateway: string,
  { pro, free }: DemoKeys,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const calls: readonly Call[] = [
    ...times(40, { key: pro, path: '/v1/search?q=ada' }),
    ...times(18, { key: pro, path: '/v1/lookup/1' }),
    ...times(2, { key: pro, path: '/v1/lookup/99' }),
    ...times(5, { key: pro, path: '/v1/analyze', body: 'hello world' }),
    ...times(3, { key: free, path: '/v1/analyze', body: 'hello world' }),
    ...times(110, { key: free, path: '/v1/search?q=grace' }),
  ]
  const counts = new Map<number, number>()
  for (let start = 0; start < calls.length && !signal.aborted; start += PARALLEL) {
    const group = calls.slice(start, start + PARALLEL)
    for (const status of await Promise.all(group.map((call) => send(gateway, call)))) {
      counts.set(status, (counts.get(status) ?? 0) + 1)
    }
  }
  return counts
}

interface Call {
  readonly key: string
  readonly path: string
  /** With a body it is a POST. */
  readonly body?: string
}

const PARALLEL = 10
const ANSWER_MS_MAX = 10_000

async function send(gateway: string, { key, path, body }: Call): Promise<number> {
  const response = await fetch(gateway + path, {
    headers: { 'x-api-key': key },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
    ...(body === undefined ? {} : { method: 'POST', body }),
  })
  await response.arrayBuffer()
  return response.status
}

function times(count: number, call: Call): readonly Call[] {
  return Array.from({ length: count }, () => call)
}
