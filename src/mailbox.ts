import { openApp } from './app.ts'
import { FolderMailer } from './integrations/mail/folder-mailer.ts'
import { INVOICE_MAIL_KINDS } from './integrations/mail/invoice-mail.ts'
import { MEMBER_MAIL_KINDS } from './integrations/mail/member-mail.ts'

/** What commands about mail need: the outbox folder, and what waits. Dispose it when done. */
export async function openMailbox(configFile: string) {
  const app = await openApp(configFile)
  const folder = new FolderMailer(app.config.mail.folder)
  return {
    list: () => folder.list(),
    find: (id: string) => folder.find(id),
    waiting: async () =>
      (await app.store.outbox.pending(1_000, [...INVOICE_MAIL_KINDS, ...MEMBER_MAIL_KINDS])).length,
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  }
}
