import type { Mail } from './mail.ts'

/** A mail as nodemailer takes it. Dates and ids come from the mail, so the same mail gives the same bytes. */
export function toMessage(mail: Mail) {
  return {
    from: mail.from,
    to: [...mail.to],
    subject: mail.subject,
    text: mail.text,
    ...(mail.html !== null && { html: mail.html }),
    date: new Date(mail.atMs),
    messageId: `<${mail.id}@gatez>`,
    baseBoundary: mail.id,
    attachments: mail.attachments.map(({ name, type, bytes }) => ({
      filename: name,
      contentType: type,
      content: bytes,
    })),
  }
}
