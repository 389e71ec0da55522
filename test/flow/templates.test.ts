import { type ChildProcess, spawn } from 'node:child_process'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { Project } from '../support/project.ts'
import { plainEnvironment } from '../support/run-cli.ts'
import { until } from '../support/until.ts'

/** Runs a script that a template brought, on any free port, and returns where it listens. */
async function runSample(project: Project, script: string): Promise<string> {
  const child: ChildProcess = spawn(process.execPath, [script], {
    cwd: project.folder,
    env: { ...plainEnvironment(), PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    child.kill()
  })
  let printed = ''
  child.stdout?.on('data', (text) => {
    printed += text
  })
  return until('the sample listens', () => /http:\/\/\S+/.exec(printed)?.[0])
}

/** The report, once it has that many calls. */
function reported(project: Project, requests: number): Promise<any> {
  return until('the report has the calls', async () => {
    const { total } = await project.json('usage', 'report')
    return total.requests >= requests ? total : undefined
  })
}

/** From init to a key: the template, its sample or an upstream of ours, its first plan. */
async function begun(
  template: string,
  plan: string,
  options: { readonly sample?: string; readonly preset?: string },
) {
  const project = new Project()
  const preset = options.preset === undefined ? [] : ['--preset', options.preset]
  await project.run('init', '--yes', '--template', template, '--listen', '127.0.0.1:0', ...preset)
  const upstream =
    options.sample === undefined
      ? `http://127.0.0.1:${(await CountingUpstream.start()).port}`
      : await runSample(project, options.sample)
  project.changeConfig((text) =>
    text.replaceAll('http://127.0.0.1:9000', upstream).replace('127.0.0.1:8081', '127.0.0.1:0'),
  )
  expect(await project.run('config', 'check')).toContain('gatez.yaml is valid')
  const serving = await project.serve()
  const key = await project.tenant('acme', plan)
  const call = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${serving.port}${path}`, {
      ...init,
      // As clients of OpenAI send it.
      headers: { authorization: `Bearer ${key}`, ...init.headers },
    })
  return { project, call }
}

describe('init → config check → serve → a call → the report, with the template', () => {
  test.each([
    { template: 'dataforge', plan: 'free', path: '/v1/search?q=ada', sample: 'upstream.js' },
    { template: 'minimal', plan: 'default', path: '/any/path' },
    { template: 'production', plan: 'default', path: '/any/path' },
    { template: 'minimal', preset: 'apikeys-guide', plan: 'enterprise', path: '/any/path' },
    { template: 'production', preset: 'top50', plan: 'basic', path: '/any/path' },
  ])('$template', async ({ template, plan, path, ...options }) => {
    const { project, call } = await begun(template, plan, options)
    const answer = await call(path)
    expect(answer.status).toBe(200)
    await answer.arrayBuffer()
    expect(await reported(project, 1)).toMatchObject({ requests: 1, billable: 1, refused: 0 })
  })

  test('llm: tokens are counted, whole and streamed alike, for a client that knows nothing of gatez', async () => {
    const { project, call } = await begun('llm', 'trial', { sample: 'model.js' })
    const ask = (rest: object) =>
      call('/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'parrot-1',
          messages: [{ role: 'user', content: 'one two three' }],
          ...rest,
        }),
      })
    const whole = await ask({})
    expect(whole.status).toBe(200)
    // Three words in; "You said:" and three words out.
    expect(await whole.json()).toMatchObject({ usage: { total_tokens: 8 } })
    expect(whole.headers.has('x-gatez-meter-tokens')).toBe(false)

    const streamed = await ask({ stream: true })
    expect(streamed.headers.get('content-type')).toBe('text/event-stream')
    const pieces = (await streamed.text()).trimEnd().split('\n\n')
    expect(pieces.at(-1)).toBe('data: [DONE]')
    expect(pieces.length).toBeGreaterThan(5)

    expect((await call('/v1/models')).status).toBe(200)
    const total = await reported(project, 3)
    expect(total).toMatchObject({ requests: 3, billable: 3, quantities: { tokens: '16' } })
  })
})
