import { fileURLToPath } from 'node:url'
import { Child } from './child.ts'
import { LOAD_CPU } from './places.ts'

/** The upstream of the load programme (load-upstream-process.ts), as the bench sees it. */
export interface LoadUpstream extends AsyncDisposable {
  readonly pid: number
  readonly port: number
  /** How many calls it holds back. */
  held(): Promise<number>
}

/** Starts it on the processor of all but the gateway. */
export async function startUpstream(): Promise<LoadUpstream> {
  const script = fileURLToPath(new URL('load-upstream-process.ts', import.meta.url))
  const child = Child.start([process.execPath, script], { cpu: LOAD_CPU })
  const [, port] = await child.prints(/port (\d+)/)
  return {
    pid: child.pid,
    port: Number(port),
    held: async () => Number(await (await fetch(`http://127.0.0.1:${port}/held`)).text()),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}
