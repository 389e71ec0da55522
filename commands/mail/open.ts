import * as Args from '@oclif/core/args'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { openMailbox } from '../../src/mailbox.ts'
import type { MailView } from '../../src/model/mail.ts'

export default class MailOpen extends GatezCommand {
  static override summary = 'Show a mail of the outbox folder.'
  static override examples = ['<%= config.bin %> <%= command.id %> msg_0f3a9c2e41']
  static override args = {
    mail: Args.string({ description: 'Id of the mail.', required: true }),
  }

  async run(): Promise<MailView> {
    const { args, flags } = await this.parse(MailOpen)
    await using mailbox = await openMailbox(flags.config)

    const mail = await mailbox.showMail(args.mail)
    this.log(
      `From: ${mail.from}\nTo: ${mail.to.join(', ') || '–'}\nDate: ${mail.date}\nSubject: ${mail.subject}\n`,
    )
    this.log(mail.text)
    for (const name of mail.attachments) this.log(`Attached: ${name}`)
    this.log(`The whole mail: ${mail.file}`)
    return mail
  }
}
