import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config/load-config.ts'
import { TEMPLATES, writeTemplate } from '../../src/config/write-template.ts'
import { templatesDir } from '../../src/lib/bundle.ts'
import { tempDir } from '../support/temp-dir.ts'

function written(template: (typeof TEMPLATES)[number]) {
  const folder = join(tempDir(), 'shop')
  const files = writeTemplate({ templatesDir: templatesDir() }, { template, folder, production: true })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return { folder, files, read }
}

test.each(TEMPLATES)(
  '%s on servers is a valid file that names a database and listens for others',
  (template) => {
    const { folder, files } = written(template)
    expect(files).toEqual(
      expect.arrayContaining([
        '.env.example',
        'compose.yaml',
        'Dockerfile',
        'SERVERS.md',
        'postgres-roles.sql',
      ]),
    )
    const env = {
      ...{ GATEZ_DB_PASSWORD: 'secret', GATEZ_DB_HOST: 'db.example.com' },
      ...{ GATEZ_REDIS_PASSWORD: 'red', GATEZ_CLICKHOUSE_PASSWORD: 'click' },
    }
    const { stores, gateway } = loadConfig(join(folder, 'gatez.yaml'), env)
    expect(stores.control).toEqual({
      driver: 'postgres',
      url: 'postgres://gatez_app:secret@db.example.com/gatez',
    })
    expect(stores.counters).toMatchObject({ driver: 'redis', host: 'redis', port: 6379, password: 'red' })
    expect(stores.usage).toMatchObject({
      ...{ driver: 'clickhouse', origin: 'http://clickhouse:8123', user: 'gatez', password: 'click' },
    })
    expect(stores.dataDir).toBe(join(folder, '.gatez'))
    expect(gateway.listen).toEqual({ host: '0.0.0.0', port: 8080 })
  },
)

test('what runs on is checked for health, what is done once is waited for, and no secret is missing from .env', () => {
  const { read } = written('minimal')
  const compose = parse(read('compose.yaml'), { merge: true })
  const services = Object.entries<any>(compose.services)
  expect(services.map(([name]) => name)).toEqual([
    ...['postgres', 'redis', 'clickhouse', 'roles', 'migrate', 'rights', 'gatez'],
  ])
  for (const [name, service] of services) {
    if (service.restart === 'no') continue
    expect(service.healthcheck, name).toMatchObject({ test: expect.any(Array), retries: expect.any(Number) })
    expect(service.stop_grace_period, name).toBe('60s')
  }
  expect(compose.services.gatez.depends_on).toEqual({
    rights: { condition: 'service_completed_successfully' },
    redis: { condition: 'service_healthy' },
    clickhouse: { condition: 'service_healthy' },
  })
  const asked = [...read('compose.yaml').matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name)
  const given = [...read('.env.example').matchAll(/^([A-Z_]+)=$/gm)].map(([, name]) => name)
  expect([...new Set(asked)].toSorted()).toEqual(given.toSorted())
})
