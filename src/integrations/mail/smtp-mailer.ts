import { createTransport } from 'nodemailer'
import type { SmtpConfig } from '../../config/invoice-config.ts'
import type { Mail, Mailer } from './mail.ts'
import { toMessage } from './mime.ts'

/** Sends mail by a server, one connection a mail, with an end to all waiting. */
export class SmtpMailer implements Mailer {
  readonly name = 'smtp' as const
  readonly #transport: ReturnType<typeof createTransport>

  constructor({ host, port, tls, user, password }: SmtpConfig) {
    this.#transport = createTransport({
      host,
      port,
      secure: tls === 'always',
      requireTLS: tls === 'starttls',
      ignoreTLS: tls === 'off',
      ...(user !== null && { auth: { user, pass: password ?? '' } }),
      connectionTimeout: WAIT_MS,
      greetingTimeout: WAIT_MS,
      socketTimeout: WAIT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
  }

  async send(mail: Mail): Promise<void> {
    await this.#transport.sendMail(toMessage(mail))
  }
}

const WAIT_MS = 20_000
