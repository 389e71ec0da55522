import * as Args from '@oclif/core/args'
import type { KeyDetails } from '../../src/access/show-key.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class KeysShow extends GatezCommand {
  static override summary = 'Show a key: its state, its history and the plan it opens.'
  static override examples = ['<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b']
  static override args = {
    key: Args.string({ description: 'Id of the key.', required: true }),
  }

  async run(): Promise<KeyDetails> {
    const { args, flags } = await this.parse(KeysShow)
    await using app = await openApp(flags.config)

    const key = await app.showKey({ keyId: args.key })
    const decision = key.decided_by === null ? '–' : `${key.decided_by} at ${key.decided_at}`
    const rows = [
      ['tenant', key.tenant_id],
      ['name', key.name],
      ['mode', key.mode],
      ['state', key.state],
      ['secret', key.masked ?? '–'],
      ['plan', key.plan ?? '–'],
      ['rate limit', key.rate_limit?.toString() ?? '–'],
      ['monthly quota', key.monthly_quota?.toString() ?? '–'],
      ['features', key.features.join(', ') || '–'],
      ['routes', key.routes?.join(', ') ?? 'all of the plan'],
      ['addresses', key.ips?.join(', ') ?? 'any'],
      ['requested', `${key.requested_by} at ${key.created_at}`],
      ['reason', key.reason ?? '–'],
      ['decided', decision],
      ['decision reason', key.decision_reason ?? '–'],
      ['revealed', key.revealed_at ?? '–'],
      ['revoked', key.revoked_at ?? '–'],
      ['expires', key.expires_at ?? 'never'],
      ['replaced by', key.replaced_by ?? '–'],
    ]
    this.table([{ title: 'KEY' }, { title: key.id }], rows, '')
    return key
  }
}
