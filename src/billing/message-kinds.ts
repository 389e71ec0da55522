/** Kind of the message that an invoice was issued. */
export const INVOICE_ISSUED = 'invoice.issued'

/** Kind of the message that an invoice is still to be paid. */
export const INVOICE_REMINDER = 'invoice.reminder'

/** The kinds of messages that become mail about an invoice. */
export const INVOICE_MAIL_KINDS: readonly string[] = [INVOICE_ISSUED, INVOICE_REMINDER]
