import { Badge } from '@mantine/core'

/** A status as a word and a colour. */
export function Status({ code }: { readonly code: number }) {
  const color = code >= 500 ? 'red' : code >= 400 ? 'orange' : 'green'
  return <Badge color={color}>{code === 0 ? 'none' : code}</Badge>
}
