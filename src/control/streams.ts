import { once } from 'node:events'
import { PassThrough, Readable, type Writable } from 'node:stream'
import { type ExportFormat, writeUsageRows } from '../billing/export/usage-rows.ts'
import { viewEvent } from '../metering/event-view.ts'
import type { UsageStream } from '../metering/usage-stream.ts'
import type { UsageEvent } from '../model/event.ts'

/** Usage as a file to keep: CSV or JSON lines, sent as it is written. */
export function table(
  usage: UsageStream,
  how: { readonly format: ExportFormat; readonly meterIds: readonly string[] },
): Response {
  const sink = new PassThrough()
  writeUsageRows(sink, usage, how).then(
    () => sink.end(),
    (error: Error) => sink.destroy(error),
  )
  const type = how.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson'
  return answer(sink, {
    'content-type': type,
    'content-disposition': `attachment; filename="usage.${how.format}"`,
  })
}

/** Calls as they are found, a JSON line each. The first are looked for before the answer begins, so that a problem is one. */
export async function calls(found: AsyncIterable<readonly UsageEvent[]>): Promise<Response> {
  const iterator = found[Symbol.asyncIterator]()
  const first = await iterator.next()
  const lines = async function* () {
    for (let next = first; next.done !== true; next = await iterator.next()) {
      yield next.value.map((event) => `${JSON.stringify(viewEvent(event))}\n`).join('')
    }
  }
  return answer(Readable.from(lines()), { 'content-type': 'application/x-ndjson' })
}

/** What `write` writes, as a file to keep. A problem before its first byte is answered as one. */
export async function file(
  { name, type }: { readonly name: string; readonly type: string },
  write: (to: Writable) => Promise<void>,
): Promise<Response> {
  const sink = new PassThrough()
  const written = write(sink).then(() => sink.end())
  const began = new Promise<void>((resolve) => sink.once('readable', resolve))
  await Promise.race([began, written])
  written.catch((error: Error) => sink.destroy(error))
  return answer(sink, {
    'content-type': type,
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
  })
}

/** What `visit` hands over, a JSON line each, no faster than it is read. */
export function jsonLines(
  visit: (each: (value: object) => Promise<void>) => Promise<void>,
): Promise<Response> {
  return file({ name: 'events.jsonl', type: 'application/x-ndjson' }, async (to) => {
    const gone = new AbortController()
    to.once('close', () => gone.abort())
    await visit(async (value) => {
      // Whoever asked may have seen enough: nobody would ever drain it then.
      gone.signal.throwIfAborted()
      if (!to.write(`${JSON.stringify(value)}\n`)) await once(to, 'drain', { signal: gone.signal })
    })
  })
}

function answer(body: Readable, headers: Readonly<Record<string, string>>): Response {
  return new Response(webStream(body), { headers: { ...headers, 'x-content-type-options': 'nosniff' } })
}

/** A stream of Node as browsers and `Response` know them. */
export function webStream(body: Readable): ReadableStream<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await pieces.next()
      if (done === true) controller.close()
      else controller.enqueue(typeof value === 'string' ? Buffer.from(value) : value)
    },
    cancel: () => {
      body.destroy()
    },
  })
}
