/** What a flow test may want to differ. */
export interface FlowConfig {
  readonly upstreamPort: number
  readonly threads?: number
  readonly durability?: 'disk' | 'process'
  readonly timeouts?: object
  readonly routes?: readonly object[]
  readonly meters?: readonly object[]
  readonly dimensions?: readonly object[]
  /** Plans by id; what is left out of one opens everything without limits. */
  readonly plans: Readonly<Record<string, object>>
}

/** A configuration for the built program: any free port, one api, all paths. */
export function flowConfig(parts: FlowConfig) {
  const { upstreamPort, threads = 1, durability = 'disk', timeouts = {}, meters = [], plans } = parts
  return {
    version: 1,
    // A machine that runs tests may be slow; that is tested by itself.
    gateway: { listen: '127.0.0.1:0', threads, max_lag: null },
    metering: { durability },
    apis: [
      {
        id: 'shop',
        upstream: `http://127.0.0.1:${upstreamPort}`,
        timeouts,
        routes: parts.routes ?? [{ id: 'all', match: 'ANY /{rest*}' }],
      },
    ],
    meters,
    dimensions: parts.dimensions ?? [],
    plans: Object.entries(plans).map(([id, plan]) => ({ id, routes: 'all', ...plan })),
  }
}
