import { INVOICE_MAIL_KINDS } from '../../billing/message-kinds.ts'
import type { MailConfig } from '../../config/invoice-config.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Invoice } from '../../model/invoice.ts'
import type { ControlStore } from '../../storage/ports/control-store.ts'
import type { OutboxMessage } from '../../storage/ports/outbox.ts'
import { FolderMailer } from './folder-mailer.ts'
import { invoiceMail, type MailRules } from './invoice-mail.ts'
import { isFinal, type Mailer } from './mail.ts'
import { SmtpMailer } from './smtp-mailer.ts'

/** Messages taken at a time; the rest waits for the next time. */
const AT_ONCE = 100

/**
 * Sends the mail that waits in the outbox, oldest first, and resolves to how much of it went.
 *
 * What a server does not take now stays for the next time, and what comes after it with it: throws what was wrong. What it
 * will never take, and mail for nobody, is written down with the invoice. After a crash a mail may go twice, with one
 * Message-ID.
 */
export async function sendMail({ store, clock, rules }: SendingParts): Promise<number> {
  const mailer = openMailer(rules.mail)
  const messages = await store.outbox.pending(AT_ONCE, INVOICE_MAIL_KINDS)
  let sent = 0
  for (const message of messages) {
    const made = await invoiceMail(store, message, rules)
    if (made === undefined) {
      await store.outbox.markSent(message.id, clock.nowMs())
      continue
    }
    const problem =
      made.mail.to.length === 0
        ? 'no member has the role billing or admin'
        : await problemOf(mailer, made.mail)
    if (made.mail.to.length === 0 && mailer.name === 'folder') await mailer.send(made.mail)
    await finish(
      { store, clock },
      { message, invoice: made.invoice, to: made.mail.to, problem, how: mailer.name },
    )
    sent += problem === null ? 1 : 0
  }
  return sent
}

export interface SendingParts {
  readonly store: ControlStore
  readonly clock: Clock
  readonly rules: MailRules
}

/** Where mail goes by the configuration. */
export function openMailer({ smtp, folder }: MailConfig): Mailer {
  return smtp === null ? new FolderMailer(folder) : new SmtpMailer(smtp)
}

async function problemOf(mailer: Mailer, mail: Parameters<Mailer['send']>[0]): Promise<string | null> {
  try {
    await mailer.send(mail)
    return null
  } catch (error) {
    if (!isFinal(error)) throw error
    return error instanceof Error ? error.message : String(error)
  }
}

async function finish(
  { store, clock }: Pick<SendingParts, 'store' | 'clock'>,
  { message, invoice, to, problem, how }: Finished,
): Promise<void> {
  const nowMs = clock.nowMs()
  await store.transaction(async (tables) => {
    await tables.invoices.insertEntry({
      ...{ invoiceId: invoice.id, tenantId: invoice.tenantId, currency: invoice.currency, atMs: nowMs },
      ...{ amountMinor: 0n, creditMinor: 0n, actor: 'gatez' },
      kind: problem === null ? 'sent' : 'not-sent',
      key: `mail:${message.id}`,
      detail: problem === null ? { to: to.join(', '), how, message: message.id } : { why: problem },
    })
    await tables.outbox.markSent(message.id, nowMs)
  })
}

interface Finished {
  readonly message: OutboxMessage
  readonly invoice: Invoice
  readonly to: readonly string[]
  readonly problem: string | null
  readonly how: Mailer['name']
}
