/**
 * A signal that aborts when the process is told to end, by whatever way: Ctrl-C, SIGTERM, or a terminal that
 * was closed. Until it is disposed nothing else ends it, so there is time to put a terminal back in order.
 */
export function untilEnded(): { readonly signal: AbortSignal } & Disposable {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  for (const name of SIGNALS) process.on(name, end)
  process.stdout.on('error', end)
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      for (const name of SIGNALS) process.off(name, end)
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
