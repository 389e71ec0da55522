/** The pages of the dashboard, in the order of their numbers. */
export const VIEWS = ['traffic', 'tail', 'tenants', 'approvals', 'revenue', 'health'] as const

export type View = (typeof VIEWS)[number]

/** What was opened from a page: a tenant, a key of it, a call. */
export type Step =
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'key'; readonly tenant: string; readonly key: string }
  | { readonly kind: 'call'; readonly call: string }

/** Which statuses the tail shows; the first is all of them. */
export const STATUS_FILTERS = [undefined, '4xx,5xx', '5xx', '429'] as const

/** What tenants are sorted by. */
export const ORDERS = ['most requests', 'fullest', 'name'] as const

/** What the person at the keys has chosen. */
export interface Ui {
  readonly view: View
  /** The way down from the page. */
  readonly steps: readonly Step[]
  /** The row that keys act on: its id, so that it stays when others come. */
  readonly chosen: string | undefined
  /** What was chosen on each page above. */
  readonly above: readonly (string | undefined)[]
  readonly search: string
  readonly statusFilter: number
  readonly order: number
  readonly typing: Typing | undefined
  readonly isPaused: boolean
  readonly isHelp: boolean
  /** What the last key led to, in words. */
  readonly note: string
}

/** Words that are being typed. */
export type Typing =
  | { readonly what: 'search'; readonly text: string }
  | { readonly what: 'reason'; readonly text: string; readonly keyId: string }

/** As the dashboard begins. */
export function firstUi(view: View): Ui {
  return {
    ...{ view, steps: [], chosen: undefined, above: [], search: '', statusFilter: 0, order: 0 },
    ...{ typing: undefined, isPaused: false, isHelp: false, note: '' },
  }
}

/** What is on the screen: the last thing that was opened, or the page. */
export function screenOf({ view, steps }: Pick<Ui, 'view' | 'steps'>): Step | { readonly kind: View } {
  return steps.at(-1) ?? { kind: view }
}

/** The tenant that is opened, if one is. */
export function openTenant({ steps }: Pick<Ui, 'steps'>): string | undefined {
  return steps.find((step) => step.kind === 'tenant')?.tenant
}

/** The key that is opened, if one is. */
export function openKey({ steps }: Pick<Ui, 'steps'>): string | undefined {
  return steps.find((step) => step.kind === 'key')?.key
}

/** The call that is opened, if one is. */
export function openCall({ steps }: Pick<Ui, 'steps'>): string | undefined {
  return steps.find((step) => step.kind === 'call')?.call
}
