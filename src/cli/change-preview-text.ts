import type { ChangePreview } from '../billing/preview-change.ts'

/** Says in words what a change of plan would do. */
export function changePreviewText(preview: ChangePreview): string {
  const {
    tenant_id: tenant,
    from,
    to,
    direction,
    at,
    currency,
    this_period: now,
    next_period: next,
  } = preview
  const values = `${preview.monthly_value.from ?? 'nothing'} → ${preview.monthly_value.to} ${currency} a month`
  const days = (period: { readonly from: string; readonly to: string }): string =>
    `${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}`
  return [
    `Tenant ${tenant}: ${from ?? 'no plan'} → ${to}, ${direction === 'upgrade' ? 'an upgrade' : 'a downgrade'} (${values}).`,
    `It begins ${at}; until then everything stays as it is.`,
    ...(preview.trial_until === null ? [] : [`Nothing is billed of it until ${preview.trial_until}.`]),
    `This period, ${days(now)}, by the usage so far: ${now.unchanged} → ${now.changed} ${currency} (${signed(now.difference)}).`,
    `The next, ${days(next)}, without usage: ${next.unchanged} → ${next.changed} ${currency} (${signed(next.difference)}).`,
  ].join('\n')
}

function signed(amount: string): string {
  return amount.startsWith('-') ? amount : `+${amount}`
}
