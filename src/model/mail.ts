/** What a mail says; the names are stable. */
export interface MailView {
  readonly id: string
  readonly date: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly attachments: readonly string[]
  /** The `.eml`. */
  readonly file: string
}
