import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'

/** Where one is in a list that comes in pages: the cursors passed so far. */
export function usePages() {
  const [cursors, setCursors] = useState<readonly string[]>([])
  return {
    cursor: cursors.at(-1),
    number: cursors.length + 1,
    forward: (next: string) => setCursors([...cursors, next]),
    back: () => setCursors(cursors.slice(0, -1)),
    first: () => setCursors([]),
  }
}

/** Leads to the next page of a list and back; nothing where one page is all. */
export function Pager({ pages, next }: PagerProps) {
  if (next === null && pages.number === 1) return null
  return (
    <Group justify="flex-end" gap="xs" p="sm" component="nav" aria-label="Pages of the list">
      <Text c="dimmed" size="sm">
        Page {pages.number}
      </Text>
      <Button size="xs" variant="default" disabled={pages.number === 1} onClick={pages.back}>
        Back
      </Button>
      <Button
        size="xs"
        variant="default"
        disabled={next === null}
        onClick={() => next !== null && pages.forward(next)}
      >
        More
      </Button>
    </Group>
  )
}

export interface PagerProps {
  readonly pages: ReturnType<typeof usePages>
  /** What the list said of the page after this one. */
  readonly next: string | null
}
