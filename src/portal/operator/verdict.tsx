import { Badge } from '@mantine/core'

/** How a check went, as a word and a colour. */
export function Verdict({ verdict }: { readonly verdict: keyof typeof VERDICTS }) {
  const { color, text } = VERDICTS[verdict]
  return <Badge color={color}>{text}</Badge>
}

const VERDICTS = {
  ok: { color: 'green', text: 'well' },
  warning: { color: 'orange', text: 'warning' },
  failure: { color: 'red', text: 'failure' },
} as const
