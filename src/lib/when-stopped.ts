/**
 * Has `cleanUp` run when a signal ends the process (Ctrl-C, SIGTERM, a terminal that is closed), which ends by it all the same.
 * Until it is disposed. For commands: a server sees to signals itself.
 */
export function whenStopped(cleanUp: () => void): Disposable {
  const forget = (): void => {
    for (const name of SIGNALS) process.off(name, stop)
  }
  const stop = (signal: NodeJS.Signals): void => {
    forget()
    cleanUp()
    process.kill(process.pid, signal)
  }
  for (const name of SIGNALS) process.on(name, stop)
  return { [Symbol.dispose]: forget }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
