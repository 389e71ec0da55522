import { PortalScene } from './portal-scene.ts'
import { until } from './until.ts'

const DAYS = [40, 36, 9, 7, 6, 4, 3, 1]

/** A scene with a month that is over and one that runs: calls, refusals, an invoice, keys in every state. */
export async function filledScene(email: string): Promise<FilledScene> {
  const scene = await PortalScene.make()
  scene.project.changeConfig((text) =>
    text.replace('up_to: "200000"', 'up_to: "100"').replace('included: 200000', 'included: 100'),
  )
  await scene.serve(DAYS[0])
  await scene.json('apply')
  await scene.json('tenants', 'create', 'acme', '--name', 'Acme Rockets', '--plan', 'pro')
  const { secret } = await scene.json('keys', 'create', 'acme', '--name', 'rocket shop')
  for (const [index, days] of DAYS.entries()) {
    await scene.serve(days)
    const paths = Array.from(
      { length: 20 + ((index * 37) % 60) },
      (_, at) => PATHS[(at + index) % PATHS.length] ?? '/',
    )
    await scene.call(secret, paths)
  }
  await scene.serve()
  await scene.member('acme', email)
  await scene.project.run('tenants', 'invite', 'acme', 'bea@acme.example', '--role', 'billing')
  await scene.project.run(
    'keys',
    'request',
    'acme',
    '--name',
    'new window',
    '--reason',
    'The window of the shop',
  )
  const { id } = await scene.project.json('keys', 'request', 'acme', '--name', 'reports')
  await scene.project.run('keys', 'approve', id)
  const old = await scene.project.json('keys', 'create', 'acme', '--name', 'old laptop')
  await scene.project.run('keys', 'revoke', old.id, '--yes', '--reason', 'The laptop is gone')
  await scene.call(secret, [...PATHS, '/v1/missing', '/v1/search'])
  const invoices = () => scene.project.json('invoices', 'list', '--tenant', 'acme')
  await until(
    'the invoice of last month',
    async () => ((await invoices()) as any[]).length > 0 || undefined,
    60_000,
  )
  return Object.assign(scene, {
    secret,
    invoice: async () => ((await invoices()) as any[])[0].number,
    refusedCall: async () => {
      const text = await scene.project.run(
        'usage',
        'tail',
        '--tenant',
        'acme',
        '--last',
        '20',
        '--no-follow',
        '--json',
      )
      const calls = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
      return calls.at(-1).id
    },
  })
}

/** What is known of it besides. */
export type FilledScene = PortalScene & {
  readonly secret: string
  invoice(): Promise<string>
  /** The id of a call. */
  refusedCall(): Promise<string>
}

const PATHS = ['/v1/search', '/v1/lookup/17', '/v1/search', '/v1/export', '/v1/search', '/v1/lookup/4']
