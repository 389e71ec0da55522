import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { templatesDir } from '../../lib/bundle.ts'

/** How long it may take to listen. */
const START_MS_MAX = 10_000

/**
 * Runs the sample API of the template `dataforge` on a thread of this process, and returns what ends it.
 *
 * It is the very script that `gatez init` writes, handed over as text: so the single binary, which has no
 * Node to start it with, can run it too.
 */
export async function startSampleUpstream(port: number): Promise<AsyncDisposable> {
  const script = readFileSync(join(templatesDir(), 'dataforge', 'upstream.js'), 'utf8')
  const worker = new Worker(script, {
    eval: true,
    env: { PORT: String(port) },
    stdout: true,
    stderr: true,
    name: 'sample-upstream',
  })
  let printed = ''
  const listening = Promise.withResolvers<void>()
  const read = (text: Buffer): void => {
    printed += text.toString()
    if (printed.includes('http://')) listening.resolve()
  }
  worker.stdout.on('data', read)
  worker.stderr.on('data', read)
  const fail = (): void => listening.reject(new Error(`the sample API did not start: ${printed}`))
  worker.once('error', fail).once('exit', fail)
  const patience = setTimeout(fail, START_MS_MAX)
  try {
    await listening.promise
  } catch (error) {
    await worker.terminate()
    throw error
  } finally {
    clearTimeout(patience)
    worker.off('error', fail).off('exit', fail)
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await worker.terminate()
    },
  }
}
