import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TemplateAnswers } from '../../src/config/fill-template.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { TEMPLATES, type Template, writeTemplate } from '../../src/config/write-template.ts'
import { templatesDir } from '../../src/lib/bundle.ts'
import { tempDir } from '../support/temp-dir.ts'

function written(template: Template, answers: TemplateAnswers) {
  const folder = join(tempDir(), 'my shop')
  writeTemplate({ templatesDir: templatesDir() }, { template, folder, answers })
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8')
  return { folder, text, config: loadConfig(join(folder, 'gatez.yaml'), {}) }
}

test.each(TEMPLATES)('addresses go into %s as they are given, however odd', (template) => {
  for (const [listen, host] of [
    ['[::1]:8081', '::1'],
    [':8081', '::'],
    ['my-host:8081', 'my-host'],
  ] as const) {
    const upstream = "https://api.example.com:8080/v1/it's,[a]|$&"
    const { config } = written(template, { listen, upstream })
    expect(config.gateway.listen).toEqual({ host, port: 8081 })
    expect(config.apis[0]?.upstreams[0]).toBe(upstream)
    // The port of control makes way.
    expect(config.control.listen).toEqual({ host: '127.0.0.1', port: 8082 })
  }
})

test('an upstream where gatez listens by default is not mistaken for that address', () => {
  const { config } = written('minimal', { listen: '127.0.0.1:7000', upstream: 'http://127.0.0.1:8080' })
  expect(config.apis[0]?.upstreams[0]).toBe('http://127.0.0.1:8080')
  expect(config.gateway.listen.port).toBe(7000)
})

test('the OpenAPI file names the address clients call', () => {
  expect(written('dataforge', { listen: '127.0.0.1:7000' }).text('dataforge.openapi.yaml')).toContain(
    'url: "http://127.0.0.1:7000"',
  )
  expect(written('dataforge', { listen: ':7000' }).text('dataforge.openapi.yaml')).toContain(
    'url: "http://localhost:7000"',
  )
})

test('the unit for systemd names the folder it was written to', () => {
  const { folder, text } = written('production', {})
  expect(text('gatez.service')).toContain(`WorkingDirectory=${folder}\n`)
  expect(text('gatez.service')).not.toContain('/srv/gatez')
})

test('the upstream of production is that of the environment, if it has one', () => {
  const { folder } = written('production', { upstream: 'http://127.0.0.1:3000' })
  const upstreamIn = (env: Record<string, string>) =>
    loadConfig(join(folder, 'gatez.yaml'), env).apis[0]?.upstreams[0]
  expect(upstreamIn({})).toBe('http://127.0.0.1:3000')
  expect(upstreamIn({ UPSTREAM_URL: 'http://10.0.0.1' })).toBe('http://10.0.0.1')
})
