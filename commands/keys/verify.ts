import * as Flags from '@oclif/core/flags'
import type { KeyVerdict } from '../../src/access/verify-key.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { readSecret } from '../../src/cli/read-secret.ts'

export default class KeysVerify extends GatezCommand {
  static override summary = 'Say what a call with a key would meet, without making one.'
  static override description =
    'The key is read from stdin or a file, never from the command line, which other users can see. Nothing is ' +
    'consumed. The code is VALID, NOT_FOUND, DISABLED (revoked, or its tenant is suspended), EXPIRED, ' +
    'USAGE_EXCEEDED (a quota that blocks is used up), INSUFFICIENT_PERMISSIONS (plan, feature or route) or ' +
    'FORBIDDEN (address); the exit code is 0 for VALID, else 4. Rate limits live in the running gateway and are ' +
    'not asked: a valid key may still meet a 429.'
  static override examples = [
    'printenv ACME_KEY | <%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --key-file key.txt --route search --ip 203.0.113.7',
  ]
  static override flags = {
    'key-file': Flags.string({
      description: 'File that holds the key; stdin if not given.',
      helpValue: 'FILE',
    }),
    route: Flags.string({ description: 'Id of a route the call would go to.' }),
    ip: Flags.string({ description: 'Address the call would come from.' }),
  }

  async run(): Promise<KeyVerdict> {
    const { flags } = await this.parse(KeysVerify)
    const secret = await readSecret(flags['key-file'])
    await using app = await openApp(flags.config)

    const verdict = await app.verifyKey({ secret, route: flags.route, ip: flags.ip })
    const rows = [
      ['key', verdict.key_id ?? '–'],
      ['tenant', verdict.tenant_id ?? '–'],
      ['mode', verdict.mode ?? '–'],
      ['plan', verdict.plan ?? '–'],
      ['features', verdict.features.join(', ') || '–'],
      ['routes', verdict.routes?.join(', ') ?? 'all of the plan'],
      ['addresses', verdict.ips?.join(', ') ?? 'any'],
      ['expires', verdict.expires_at ?? 'never'],
    ]
    const why = verdict.reason === null ? '' : ` (the gateway would answer ${verdict.reason})`
    this.log(`${verdict.code}${why}`)
    if (verdict.key_id !== null) this.table([{ title: 'ABOUT' }, { title: '' }], rows, '')
    if (verdict.code !== 'VALID') process.exitCode = 4
    return verdict
  }
}
