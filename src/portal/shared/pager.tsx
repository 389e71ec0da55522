import { Button, Group, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { Shown, type ShownProps } from './states.tsx'

/** Where one is in a list that comes in pages of so many rows: the cursors passed so far. */
export function usePages(rows = 50) {
  const [cursors, setCursors] = useState<readonly string[]>([])
  const cursor = cursors.at(-1)
  return {
    /** What to ask for: this page. */
    asked: { limit: String(rows), ...(cursor !== undefined && { cursor }) },
    number: cursors.length + 1,
    forward: (next: string) => setCursors([...cursors, next]),
    back: () => setCursors(cursors.slice(0, -1)),
    first: () => setCursors([]),
  }
}

/** A list in pages: its rows with the ways on and back, and what to say where it holds nothing at all. */
export function Paged<Row>({ query, pages, rows, empty, children }: PagedProps<Row>) {
  return (
    <Shown query={query} {...(rows !== undefined && { rows })}>
      {({ data, next }) =>
        data.length === 0 && pages.number === 1 ? (
          empty
        ) : (
          <>
            {children(data)}
            <Pager pages={pages} next={next} />
          </>
        )
      }
    </Shown>
  )
}

export interface PagedProps<Row> {
  readonly query: ShownProps<{ readonly data: readonly Row[]; readonly next: string | null }>['query']
  readonly pages: ReturnType<typeof usePages>
  /** How many rows stand there while it is read. */
  readonly rows?: number
  readonly empty: ReactNode
  readonly children: (rows: readonly Row[]) => ReactNode
}

/** Leads to the next page of a list and back; nothing where one page is all. */
function Pager({ pages, next }: PagerProps) {
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

interface PagerProps {
  readonly pages: ReturnType<typeof usePages>
  /** What the list said of the page after this one. */
  readonly next: string | null
}
