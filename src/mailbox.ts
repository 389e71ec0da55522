import { type App, openApp } from './app.ts'
import { INVOICE_MAIL_KINDS } from './billing/message-kinds.ts'
import { processEnvironment, remoteFromEnvironment } from './config/environment.ts'
import type { DeskCases } from './control/desk-cases.ts'
import { remoteMailbox } from './control/remote-desk.ts'
import { FolderMailer } from './integrations/mail/folder-mailer.ts'
import { MEMBER_MAIL_KINDS } from './integrations/mail/member-mail-kinds.ts'

/** What commands about mail need, here or at a control API. Dispose it when done. */
export async function openMailbox(
  configFile: string,
): Promise<Pick<DeskCases, 'listMail' | 'showMail'> & AsyncDisposable> {
  const remote = remoteFromEnvironment(processEnvironment(), configFile)
  if (remote !== undefined) return remoteMailbox(remote)
  const app = await openApp(configFile)
  return { ...mailboxOn(app), [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() }
}

/** The outbox folder, and what waits to be sent. */
export function mailboxOn({
  config,
  store,
}: Pick<App, 'config' | 'store'>): Pick<DeskCases, 'listMail' | 'showMail'> {
  const folder = new FolderMailer(config.mail.folder)
  return {
    listMail: async () => ({
      mails: await folder.list(),
      waiting: (await store.outbox.pending(1_000, [...INVOICE_MAIL_KINDS, ...MEMBER_MAIL_KINDS])).length,
    }),
    showMail: (id) => folder.find(id),
  }
}
