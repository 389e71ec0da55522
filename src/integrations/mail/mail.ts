/** A mail, ready to be sent. */
export interface Mail {
  /** Of the message in the outbox: the same message always makes the same mail. */
  readonly id: string
  readonly atMs: number
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string | null
  readonly attachments: readonly MailFile[]
}

export interface MailFile {
  readonly name: string
  readonly type: string
  readonly bytes: Buffer
}

/** Sends mail. Sending one again is allowed after a crash: its Message-ID is the same. */
export interface Mailer {
  /** Where mail goes, in a word. */
  readonly name: 'smtp' | 'folder'
  /** Throws what is wrong; `isFinal` says whether trying again can help. */
  send(mail: Mail): Promise<void>
}

/** Whether a mail will never be taken, however often it is sent: the server said so (5yz). */
export function isFinal(error: unknown): boolean {
  if (!(error instanceof Error) || !('responseCode' in error)) return false
  const code = Number(error.responseCode)
  return code >= 500 && code < 600
}
