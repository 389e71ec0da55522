/**
 * A signal that aborts when the user ends the command: Ctrl-C, SIGTERM, or nobody reads its output any more.
 *
 * Ending such a command is how it is used, so the exit code stays 0. A second Ctrl-C ends at once.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController()
  const end = (): void => controller.abort()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  process.stdout.on('error', end)
  return controller.signal
}
