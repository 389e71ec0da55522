import type { OperatorLink } from '../../src/access/sign-in-operator.ts'
import { openApp } from '../../src/app.ts'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { callableUrl } from '../../src/cli/listen-url.ts'
import type { Config } from '../../src/config/config.ts'
import { processEnvironment, remoteFromEnvironment } from '../../src/config/environment.ts'
import { readControlAddress } from '../../src/control/control-address.ts'

export default class TokensLink extends GatezCommand {
  static override summary = 'Make a link that lets an operator sign in on the web, once, within the hour.'
  static override description =
    'It is shown this once; only the hash of its token is kept. Programs sign in with it at POST /api/v1/session, ' +
    'or with a token that has the scope owner.'
  static override examples = ['<%= config.bin %> <%= command.id %>']

  async run(): Promise<OperatorLink & { readonly url: string }> {
    const { flags } = await this.parse(TokensLink)
    await using app = await openApp(flags.config)

    const remote = remoteFromEnvironment(processEnvironment(), flags.config)
    const link = await app.makeOperatorLink()
    const place = remote?.url ?? readControlAddress(app.config.stores.dataDir) ?? addressOf(app.config)
    const url = `${place}/operator#${link.token}`
    this.log(`Good once, until ${link.expires_at}:\n\n${url}`)
    return { ...link, url }
  }
}

/** Where it will listen, while none does. */
function addressOf({ control: { listen, tls } }: Pick<Config, 'control'>): string {
  return callableUrl({ ...listen, speaksTls: tls !== null })
}
