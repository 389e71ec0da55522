import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/config/load-config.ts'
import { Traffic } from '../../src/telemetry/traffic.ts'
import { ROOT } from '../architecture/source-files.ts'
import { certificateTexts } from '../support/certificates.ts'
import { startControl } from '../support/control.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type Manifest, manifestProblems } from './kubernetes.ts'

const DEPLOY = join(ROOT, 'templates/deploy')
const textOf = (...path: string[]): string => readFileSync(join(DEPLOY, ...path), 'utf8')

describe('monitoring', () => {
  test('promtool has nothing against rules and configuration', () => {
    execFileSync('promtool', ['check', 'rules', join(DEPLOY, 'monitoring/rules.yaml')])
    execFileSync('promtool', ['check', 'config', join(DEPLOY, 'monitoring/prometheus.yaml')])
  })

  test('every metric that rules, dashboard and documentation name exists', async () => {
    const known = await metricNames()
    for (const text of [
      textOf('monitoring/rules.yaml'),
      textOf('monitoring/grafana.json'),
      readFileSync(join(ROOT, 'docs/telemetry.md'), 'utf8'),
    ]) {
      const named = [...text.matchAll(/\b(?:gatez|process)_[a-z_]+[a-z]\b(?!:)/g)].map(([name]) => name)
      expect(named.length).toBeGreaterThan(5)
      expect(named.filter((name) => !known.has(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual([])
    }
  })

  test('every metric there is stands in the documentation', async () => {
    const text = readFileSync(join(ROOT, 'docs/telemetry.md'), 'utf8')
    expect([...(await metricNames())].filter((name) => !text.includes(`\`${name}\``))).toEqual([])
  })

  test('every panel of the dashboard asks something, in a place of its own', () => {
    const { panels } = JSON.parse(textOf('monitoring/grafana.json'))
    const places = panels.map(
      ({ gridPos }: { gridPos: { x: number; y: number } }) => `${gridPos.x},${gridPos.y}`,
    )
    expect(new Set(places).size).toBe(panels.length)
    for (const { targets, title } of panels) expect([title, targets.length > 0]).toEqual([title, true])
  })
})

describe('proxies', () => {
  test('Caddy takes its file', () => {
    const run = spawnSync(
      'caddy',
      ['validate', '--adapter', 'caddyfile', '--config', join(DEPLOY, 'proxies/Caddyfile')],
      {
        env: { ...process.env, HOME: tempDir() },
        encoding: 'utf8',
      },
    )
    expect(run.stderr + run.stdout).toContain('Valid configuration')
  })

  test('nginx takes its file', () => {
    const folder = tempDir()
    const pem = certificateTexts()
    writeFileSync(join(folder, 'cert.pem'), pem('server.pem'))
    writeFileSync(join(folder, 'key.pem'), pem('server.key'))
    const site = textOf('proxies/nginx.conf')
      .replace('/etc/ssl/api.example.com/fullchain.pem', join(folder, 'cert.pem'))
      .replace('/etc/ssl/api.example.com/privkey.pem', join(folder, 'key.pem'))
    const main = `pid ${folder}/nginx.pid; error_log stderr; events {} http { access_log off; ${TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}\n${site}}`
    writeFileSync(join(folder, 'nginx.conf'), main)
    const run = spawnSync('nginx', ['-t', '-c', join(folder, 'nginx.conf'), '-p', folder], {
      encoding: 'utf8',
    })
    expect(run.stderr).toContain('test is successful')
  })
})

test('systemd takes the unit', () => {
  const folder = tempDir()
  const unit = readFileSync(join(ROOT, 'templates/production/gatez.service'), 'utf8')
  // The program need not be installed where this is tested.
  writeFileSync(join(folder, 'gatez.service'), unit.replace('/usr/local/bin/gatez', process.execPath))
  const run = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, 'gatez.service')], {
    encoding: 'utf8',
  })
  expect([run.status, run.stdout + run.stderr]).toEqual([0, ''])
})

describe('Kubernetes', () => {
  const manifests = parseAllDocuments(textOf('kubernetes/gatez.yaml')).map(
    (document) => document.toJS() as Manifest,
  )

  test('the manifests have only fields that the API knows, and all it asks for', () => {
    expect(manifests.flatMap(manifestProblems)).toEqual([])
  })

  test.each([
    [{ replica: 1 }, 'Deployment.spec.replica is no field of it'],
    [{ selector: undefined }, 'Deployment.spec.selector must be a map'],
    [{ replicas: '1' }, 'Deployment.spec.replicas must be a number'],
  ])('a mistake as %j would be found', (change, problem) => {
    const deployment = manifests.find(({ kind }) => kind === 'Deployment')!
    expect(manifestProblems({ ...deployment, spec: { ...deployment.spec, ...change } })).toContain(problem)
  })

  test('what refers to something else finds it, and nothing runs as root', () => {
    const names = (kind: string) =>
      manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name)
    const { spec } = manifests.find(({ kind }) => kind === 'Deployment')!
    const pod = spec.template.spec
    const [container] = pod.containers
    const volumes = pod.volumes.map(({ name }: { name: string }) => name)
    expect(container.volumeMounts.map(({ name }: { name: string }) => name).sort()).toEqual(volumes.sort())
    expect(names('PersistentVolumeClaim')).toContain(pod.volumes[0].persistentVolumeClaim.claimName)
    expect(names('ConfigMap')).toContain(pod.volumes[1].configMap.name)
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
    expect([pod.securityContext.runAsNonRoot, spec.strategy.type, spec.replicas]).toEqual([
      true,
      'Recreate',
      1,
    ])
    const ports = container.ports.map(({ name }: { name: string }) => name)
    const services = manifests.filter(({ kind }) => kind === 'Service')
    for (const { spec: service } of services) expect(ports).toContain(service.ports[0].targetPort)
  })

  test('gatez takes the file in the ConfigMap', () => {
    const { data } = manifests.find(({ kind }) => kind === 'ConfigMap')!
    const env = { UPSTREAM_URL: 'http://api.default.svc:9000' }
    const config = parseConfig(data['gatez.yaml'], { file: '/etc/gatez/gatez.yaml', env })
    expect(config.stores.dataDir).toBe('/data')
  })
})

describe('containers', () => {
  test('the image runs as nobody special, without Node, and says how it is', () => {
    const stages = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').split(/^FROM /m)
    const [, build = '', image = ''] = stages
    expect(build).toContain('npm ci --ignore-scripts')
    expect(image).toMatch(/^USER 10001:10001$/m)
    expect(image).toMatch(/^HEALTHCHECK /m)
    expect(image).not.toMatch(/node|npm|ARG .*(?:KEY|SECRET|TOKEN)/)
  })

  test('the health check of the image tells a gateway that answers from one that does not', async () => {
    const [, written = ''] =
      /HEALTHCHECK[\s\S]*?CMD (\[.*\])/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) ?? []
    const [program = '', ...args] = JSON.parse(
      written.replaceAll('127.0.0.1/8080', '127.0.0.1/1'),
    ) as string[]
    expect(spawnSync(program, args).status).not.toBe(0)
  })

  test('compose names what is there', () => {
    const { services, volumes } = parse(textOf('docker/compose.yaml'))
    const { gatez } = services
    expect(Object.keys(volumes).sort()).toEqual(gatez.volumes.map((one: string) => one.split(':')[0]).sort())
    expect(join(DEPLOY, 'docker', gatez.build.context)).toBe(ROOT.replace(/\/$/, ''))
    expect(gatez.cap_drop).toEqual(['ALL'])
  })
})

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** The names of all families at `/metrics`, of a gateway that has seen everything. */
async function metricNames(): Promise<ReadonlySet<string>> {
  const metrics = { access: 'open', tenants: true }
  const control = await startControl({ telemetry: { metrics } })
  new Traffic(control.trafficMemory, 0).refused('rate-limited', 429)
  const { text } = await control.ask('GET', '/metrics')
  return new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name ?? ''))
}
