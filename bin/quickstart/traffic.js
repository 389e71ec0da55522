/**
 * Sends real calls, the way two customers would: one on the plan pro, who also asks for what is not
 * there, and one on free, who runs into its limit and into endpoints that its plan does not open.
 * Returns the status of each answer.
 */
export async function drive(gateway, { pro, free }) {
  const calls = [
    ...times(40, { key: pro, path: '/v1/search?q=ada' }),
    ...times(18, { key: pro, path: '/v1/lookup/1' }),
    ...times(2, { key: pro, path: '/v1/lookup/99' }),
    ...times(5, { key: pro, path: '/v1/analyze', method: 'POST', body: '{"text":"hello"}' }),
    ...times(3, { key: free, path: '/v1/analyze', method: 'POST', body: '{"text":"hello"}' }),
    ...times(110, { key: free, path: '/v1/search?q=grace' }),
  ]
  const answers = []
  for (let start = 0; start < calls.length; start += PARALLEL) {
    const group = calls.slice(start, start + PARALLEL)
    answers.push(...(await Promise.all(group.map((call) => send(gateway, call)))))
  }
  return answers
}

const PARALLEL = 10

/** `165 × 200, 3 × 403`, from statuses. */
export function countCalls(answers) {
  const counts = new Map()
  for (const status of answers) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ')
}

async function send(gateway, { key, path, method = 'GET', body }) {
  const headers = { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
  const response = await fetch(gateway + path, { method, headers, body, signal: AbortSignal.timeout(10_000) })
  await response.arrayBuffer()
  return response.status
}

function times(count, call) {
  return Array.from({ length: count }, () => call)
}
