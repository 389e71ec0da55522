import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { writeWholeFile } from '../../billing/export/whole-file.ts'
import { GatezError } from '../../errors/gatez-error.ts'
import { isoTime } from '../../lib/iso-time.ts'
import { makeFolder } from '../../lib/make-folder.ts'
import type { MailView } from '../../model/mail.ts'
import type { Mail, Mailer } from './mail.ts'
import { toMessage } from './mime.ts'

/**
 * Puts mail into a folder, where a person or another program finds it: an `.eml` that mail programs open, and beside it
 * what it says as JSON. The same mail twice is one file.
 */
export class FolderMailer implements Mailer {
  readonly name = 'folder' as const
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async send(mail: Mail): Promise<void> {
    makeFolder(this.#folder, 0o700)
    const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
    const { message } = await transport.sendMail(toMessage(mail))
    await this.#write(`${mail.id}.eml`, message)
    // Last: a mail is there when this is.
    await this.#write(`${mail.id}.json`, `${JSON.stringify(viewMail(mail), null, 2)}\n`)
  }

  /** All mail in the folder, oldest first. */
  async list(): Promise<readonly MailView[]> {
    const names = await readdir(this.#folder).catch(() => [])
    const mails: MailView[] = []
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const view: MailView = JSON.parse(await readFile(join(this.#folder, name), 'utf8'))
      mails.push({ ...view, file: join(this.#folder, `${view.id}.eml`) })
    }
    return mails.sort((one, other) =>
      one.date < other.date ? -1 : one.date > other.date ? 1 : one.id < other.id ? -1 : 1,
    )
  }

  /** One mail; throws `not-found`. */
  async find(id: string): Promise<MailView> {
    const found = (await this.list()).find((mail) => mail.id === id)
    if (found !== undefined) return found
    throw new GatezError(
      'not-found',
      `No mail in ${this.#folder} is called ${JSON.stringify(id)}: gatez mail list.`,
    )
  }

  #write(name: string, bytes: string | Buffer | NodeJS.ReadableStream): Promise<void> {
    return writeWholeFile(join(this.#folder, name), async (sink) => {
      if (typeof bytes === 'string' || Buffer.isBuffer(bytes)) sink.write(bytes)
      else for await (const chunk of bytes) sink.write(chunk)
    })
  }
}

function viewMail(mail: Mail): MailView {
  return {
    id: mail.id,
    date: isoTime(mail.atMs),
    from: mail.from,
    to: mail.to,
    subject: mail.subject,
    text: mail.text,
    attachments: mail.attachments.map(({ name }) => name),
    file: `${mail.id}.eml`,
  }
}
