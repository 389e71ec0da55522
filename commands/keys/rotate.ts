import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { RotatedKeyView } from '../../src/access/rotate-key.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class KeysRotate extends GatezCommand {
  static override summary = 'Put a new key in the place of an old one, which works on for a while.'
  static override description =
    'The new key has the name, mode, routes, addresses and expiry of the old one and needs no room in keys.max. ' +
    'The old one works on for the overlap, so that nothing breaks while you change it everywhere, but never past ' +
    'its own expiry. A leaked key is rotated with --overlap 0. The new secret is shown this once.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b',
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b --overlap 7d --expires 90d',
    '<%= config.bin %> <%= command.id %> key_2f6k8m0q1r3t5w7x9z2b --overlap 0',
  ]
  static override args = {
    key: Args.string({ description: 'Id of the key.', required: true }),
  }
  static override flags = {
    overlap: Flags.string({
      description: 'How long the old key works on: up to 90d, or 0 to end it at once.',
      default: '24h',
      helpValue: 'SPAN',
    }),
    expires: Flags.string({
      description: 'When the new key ends: 30d, 12h, or 2027-01-01T00:00Z. As the old one if not given.',
      helpValue: 'TIME',
    }),
  }

  async run(): Promise<RotatedKeyView> {
    const { args, flags } = await this.parse(KeysRotate)
    await using app = await openApp(flags.config)

    const key = await app.rotateKey({ keyId: args.key, overlap: flags.overlap, expires: flags.expires })
    const { replaces } = key
    const fate = replaces.state === 'revoked' ? 'is revoked' : `works until ${replaces.expires_at}`
    this.log(`Key ${key.id} takes the place of ${replaces.id}, which ${fate}.`)
    this.log(`The secret is shown this once:\n\n${key.secret}`)
    return key
  }
}
