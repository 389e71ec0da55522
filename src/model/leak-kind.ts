/** What can go missing between what was served and what is billed, in the order in which it is shown. */
export const LEAK_KINDS = [
  'unattributed',
  'missing-quantity',
  'unpriced',
  'not-billed',
  'delivery-unknown',
] as const

/** One of them. */
export type LeakKind = (typeof LEAK_KINDS)[number]
