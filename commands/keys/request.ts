import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class KeysRequest extends GatezCommand {
  static override summary = 'Ask for a key for a tenant; the plan says whether somebody must approve it.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> acme --reason "nightly import"',
    '<%= config.bin %> <%= command.id %> acme --routes search --ip 10.0.0.0/8',
    '<%= config.bin %> <%= command.id %> acme --json',
  ]
  static override args = {
    tenant: Args.string({ description: 'Id or external id of the tenant.', required: true }),
  }
  static override flags = {
    name: Flags.string({ description: 'What it is for; "default" if not given.' }),
    reason: Flags.string({ description: 'Why it is needed, for whoever approves it.' }),
    test: Flags.boolean({ description: 'Ask for a test key: limited and logged, never billed.' }),
    expires: Flags.string({
      description: 'When it ends: 30d, 12h, or 2027-01-01T00:00Z. Never if not given.',
    }),
    routes: Flags.string({
      description: 'Ids of the only routes it may call, with commas between; all of the plan if not given.',
    }),
    ip: Flags.string({
      description: 'The only addresses or CIDR blocks it may call from, with commas between.',
    }),
  }

  async run(): Promise<RequestedKey> {
    const { args, flags } = await this.parse(KeysRequest)
    await using app = await openApp(flags.config)

    const key = await app.requestKey({
      tenant: args.tenant,
      mode: flags.test ? 'test' : 'live',
      name: flags.name,
      reason: flags.reason,
      expires: flags.expires,
      scope: { routes: flags.routes, ips: flags.ip },
    })
    const next = key.state === 'approved' ? 'reveal' : 'approve'
    this.log(`Key ${key.id} of tenant ${key.tenant_id} is ${key.state}.\n→ gatez keys ${next} ${key.id}`)
    return { id: key.id, status: key.state }
  }
}

interface RequestedKey {
  readonly id: string
  /** `requested`, or `approved` when the plan approves by itself. */
  readonly status: string
}
