import type { TokenView } from '../../src/access/token-view.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'

export default class TokensList extends GatezCommand {
  static override summary = 'List the tokens of your programs, newest first.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<readonly TokenView[]> {
    const { flags } = await this.parse(TokensList)
    await using app = await openApp(flags.config)

    const tokens = await app.listTokens()
    this.table(
      [
        { title: 'TOKEN', whole: true },
        { title: 'NAME' },
        { title: 'SCOPES' },
        { title: 'STATE', whole: true },
        { title: 'SECRET', whole: true },
        { title: 'EXPIRES', mayGo: true },
      ],
      tokens.map((token) => [
        token.id,
        token.name,
        token.scopes.join(', '),
        token.state,
        token.masked,
        token.expires_at?.slice(0, 16) ?? 'never',
      ]),
      'No tokens. gatez tokens create NAME --scope events makes one.',
    )
    return tokens
  }
}
