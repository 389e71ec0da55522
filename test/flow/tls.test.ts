import { copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { certificateTexts } from '../support/certificates.ts'
import { CountingUpstream } from '../support/counting-upstream.ts'
import { flowConfig } from '../support/flow-config.ts'
import { Project } from '../support/project.ts'
import { RawSocket } from '../support/raw-socket.ts'
import { runCli } from '../support/run-cli.ts'
import type { ServeProcess } from '../support/serve-process.ts'
import { connectTls } from '../support/tls-client.ts'
import { until } from '../support/until.ts'

// Each set has its own authority: who trusts the one does not take a certificate of the other.
const [OLD, NEW] = [certificateTexts(), certificateTexts()]

let upstream: CountingUpstream
let project: Project
let secret: string

beforeEach(async () => {
  upstream = await CountingUpstream.start()
  project = await Project.with(config({ cert: 'tls.pem', key: 'tls.key' }), { before: putPair(OLD) })
  secret = await project.tenant('acme', 'open')
})

describe('a gateway that speaks TLS', () => {
  test('says so, takes calls in it alone, and tells the upstream', async () => {
    let proto: string | undefined
    upstream.answer = ({ headers }, response) => {
      proto = String(headers['x-forwarded-proto'])
      response.end('ok')
    }
    const serve = await project.serve()
    expect(serve.stdout).toContain(`gatez listens on https://127.0.0.1:${serve.port}`)
    const caller = await callerOf(serve, OLD)
    expect(await caller.call()).toBe(200)
    expect(proto).toBe('https')
    const plain = await RawSocket.connect(serve.port)
    plain.send('GET /a HTTP/1.1\r\nHost: a\r\n\r\n')
    expect(await plain.sawEnd()).not.toContain('HTTP')
    expect(await serve.stop()).toBe(0)
  })

  test('takes up a new certificate, on all threads, without losing a connection', async () => {
    const serve = await project.serve()
    const callers = await Promise.all(Array.from({ length: 8 }, () => callerOf(serve, OLD)))
    // One file after the other, and each at once, as tools that renew certificates do.
    writeFileSync(project.path('next'), NEW('server.pem'))
    renameSync(project.path('next'), project.path('tls.pem'))
    writeFileSync(project.path('next'), NEW('server.key'))
    renameSync(project.path('next'), project.path('tls.key'))
    await untilAllShow(serve, NEW)
    for (const caller of callers) expect(await caller.call()).toBe(200)
    expect(serve.stdout).toContain('it is in force')
  })

  test('keeps the one it has when the new one is no good, and says so; SIGHUP takes up the right one', async () => {
    const serve = await project.serve()
    writeFileSync(project.path('tls.key'), NEW('server.key'))
    await until('it is told', () => (serve.stdout.includes('the old one stays') ? true : undefined))
    expect(serve.stdout).toContain('gateway.tls.key: tls.key is not the key of tls.pem')
    expect(await (await callerOf(serve, OLD)).call()).toBe(200)
    writeFileSync(project.path('tls.pem'), 'torn')
    await until('it is told', () =>
      serve.stdout.includes('tls.pem holds no certificate') ? true : undefined,
    )
    expect(await (await callerOf(serve, OLD)).call()).toBe(200)

    writeFileSync(project.path('tls.pem'), NEW('server.pem'))
    serve.hangUp()
    await untilAllShow(serve, NEW)
    expect(serve.running).toBe(true)
  })

  test('serves on while its files are gone, and from files of other names once they are there', async () => {
    const serve = await project.serve()
    rmSync(project.path('tls.pem'))
    project.writeConfig(JSON.stringify(config({ cert: 'later.pem', key: 'later.key' })))
    await until('it is told', () => (serve.stdout.includes('later.pem does not exist') ? true : undefined))
    expect(await (await callerOf(serve, OLD)).call()).toBe(200)
    writeFileSync(project.path('later.key'), NEW('server.key'))
    writeFileSync(project.path('later.pem'), NEW('server.pem'))
    await untilAllShow(serve, NEW)
  })

  test('stops doing so only with its next start', async () => {
    const serve = await project.serve()
    project.writeConfig(JSON.stringify(config(undefined)))
    await until('it is told', () => (serve.stdout.includes('with the next start') ? true : undefined))
    expect(serve.stdout).toContain('→ gateway.tls: changed with the next start')
    expect(await (await callerOf(serve, OLD)).call()).toBe(200)
  })

  test('does not put older plans back in force because its certificate was renewed', async () => {
    const serve = await project.serve()
    const before = project.path('old.yaml')
    copyFileSync(project.path('gatez.yaml'), before)
    const newer = {
      ...config({ cert: 'tls.pem', key: 'tls.key' }),
      plans: [{ id: 'open', routes: 'all', limits: LIMITS }],
    }
    writeFileSync(project.path('newer.yaml'), project.onStack(JSON.stringify(newer)))
    // Where the stores are: a gateway goes by its own file.
    await runCli(['apply', '--config', 'newer.yaml'], { cwd: project.folder, entry: project.entry })
    putPair(NEW)(project)
    await untilAllShow(serve, NEW)
    expect(await (await callerOf(serve, NEW)).limit()).toBe('7')
    // The word of who runs it counts.
    serve.hangUp()
    await until('the file is in force', async () => {
      return (await (await callerOf(serve, NEW)).limit()) === undefined ? true : undefined
    })
  })
})

test('an OpenAPI file that changed is in force without a word in gatez.yaml', async () => {
  writeFileSync(project.path('api.json'), openapi(false))
  const plain = config(undefined)
  const [api] = plain.apis
  project.writeConfig(JSON.stringify({ ...plain, apis: [{ ...api, openapi: 'api.json', validate: true }] }))
  const serve = await project.serve()
  const status = async () => {
    const client = await RawSocket.connect(serve.port)
    client.send(request())
    const received = await client.sees(/\r\n\r\n/)
    client.socket.destroy()
    return Number(received.slice(9, 12))
  }
  expect(await status()).toBe(200)
  writeFileSync(project.path('api.json'), openapi(true))
  await until('the new one is in force', async () => ((await status()) === 400 ? true : undefined))
})

const LIMITS = [{ requests: 7, per: 'day' }]

function config(tls: object | undefined) {
  const whole = flowConfig({ upstreamPort: upstream.port, threads: 2, plans: { open: {} } })
  return { ...whole, gateway: { ...whole.gateway, tls } }
}

function openapi(required: boolean): string {
  const parameters = [{ name: 'q', in: 'query', required, schema: { type: 'string' } }]
  const paths = { '/a': { get: { parameters, responses: { 200: { description: 'ok' } } } } }
  return JSON.stringify({ openapi: '3.1.0', info: { title: 'a', version: '1' }, paths })
}

function putPair(pem: (name: string) => string) {
  return (to: Project): void => {
    writeFileSync(to.path('tls.pem'), pem('server.pem'))
    writeFileSync(to.path('tls.key'), pem('server.key'))
  }
}

function request(): string {
  return `GET /a HTTP/1.1\r\nHost: a\r\nx-api-key: ${secret}\r\n\r\n`
}

/** A client that trusts one authority, on one connection. */
async function callerOf(serve: ServeProcess, trusted: (name: string) => string) {
  const client = RawSocket.over(await connectTls(serve.port, { ca: trusted('ca.pem') }))
  let answers = 0
  const answer = async (): Promise<string> => {
    const before = client.received.length
    client.send(request())
    answers += 1
    await until('an answer', () => client.received.split('HTTP/1.1 ').length > answers || undefined)
    return client.received.slice(before)
  }
  return {
    call: async () => Number((await answer()).slice(9, 12)),
    limit: async () => /\r\nX-RateLimit-Limit: (\d+)\r\n/.exec(await answer())?.[1],
  }
}

/** Whichever thread takes a connection: so many in a row are not of one alone. */
async function untilAllShow(serve: ServeProcess, pem: (name: string) => string): Promise<void> {
  await until('all threads show it', async () => {
    const connections = Array.from({ length: 16 }, () => connectTls(serve.port, { ca: pem('ca.pem') }))
    const settled = await Promise.allSettled(connections)
    return settled.every(({ status }) => status === 'fulfilled') ? true : undefined
  })
}
