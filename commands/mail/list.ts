import { GatezCommand } from '../../src/cli/gatez-command.ts'
import type { MailListed } from '../../src/control/desk-cases.ts'
import { openMailbox } from '../../src/mailbox.ts'

export default class MailList extends GatezCommand {
  static override summary = 'List the mail in the outbox folder, oldest first.'
  static override description =
    'Without a mail server (mail.smtp) mail is put into a folder: outbox beside the control store, or mail.folder. Each is ' +
    'an .eml that mail programs open. Mail that waits to be sent is counted.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ]

  async run(): Promise<MailListed> {
    const { flags } = await this.parse(MailList)
    await using mailbox = await openMailbox(flags.config)

    const listed = await mailbox.listMail()
    const { mails, waiting } = listed
    this.table(
      [{ title: 'ID', whole: true }, { title: 'DATE', whole: true }, { title: 'TO' }, { title: 'SUBJECT' }],
      mails.map(({ id, date, to, subject }) => [id, date.slice(0, 10), to.join(', ') || '–', subject]),
      'There is no mail in the folder.',
    )
    if (waiting > 0) this.log(`\nWaiting to be sent: ${waiting}; gatez serve sends it.`)
    return listed
  }
}
