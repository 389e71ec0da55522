import type { WhyAnswer } from '../evidence.ts'

/** An explanation as a customer could be told it: what came, what was decided, why, and what helps. */
export function whyText({
  call,
  verdict,
  because,
  frees_at,
  plans_that_pass,
  others,
}: WhyAnswer): readonly string[] {
  const who =
    call.tenant_id === ''
      ? 'nobody in particular'
      : `tenant ${call.tenant_id}${call.key_id === '' ? '' : `, key ${call.key_id}`}`
  const plan = call.plan_id === '' ? 'no plan' : `plan ${call.plan_id}`
  const lines = [
    call.method === '' ? `Event ${call.endpoint}` : `${call.method} ${call.endpoint}`,
    `${call.timestamp} by ${who}, ${plan}`,
    '',
    `${VERDICTS[verdict]}${call.status_code === 0 ? '' : ` (${call.status_code}${call.refusal === '' ? '' : ` ${call.refusal}`})`}`,
    because,
  ]
  if (frees_at !== null) lines.push(`A call like it passes again from ${frees_at} on.`)
  if (plans_that_pass.length > 0) lines.push(`It would have passed on: ${plans_that_pass.join(', ')}.`)
  if (call.count > 1) lines.push(`This row stands for ${call.count} calls, refused alike and logged in sum.`)
  for (const [meter, quantity] of Object.entries(call.quantities))
    lines.push(`Metered: ${quantity} ${meter}.`)
  if (others.length > 0) lines.push(`Earlier calls had the same request id: ${others.join(', ')}.`)
  return lines
}

const VERDICTS = { billed: 'Billed', not_billed: 'Not billed', refused: 'Refused' } as const
