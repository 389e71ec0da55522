import { Table } from '@mantine/core'
import type { Key, ReactNode } from 'react'

/** A list with columns. On a narrow screen it scrolls by itself, so the page never does. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, keyOf, onOpen, isCurrent } = props
  return (
    <Table.ScrollContainer
      minWidth={0}
      type="native"
      className="gatez-scroll"
      // Who has no pointer scrolls it with the keys.
      tabIndex={0}
      role="group"
      aria-label={caption}
    >
      <Table highlightOnHover={onOpen !== undefined} aria-label={caption}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title, isFigure }) => (
              <Table.Th key={title} ta={isFigure ? 'right' : 'left'} scope="col">
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row, index) => (
            <Table.Tr
              key={keyOf(row, index)}
              {...(onOpen !== undefined && { onClick: () => onOpen(row), className: 'gatez-opens' })}
              {...(isCurrent?.(row) && CURRENT)}
            >
              {columns.map(({ title, isFigure, cell }) => (
                <Table.Td key={title} ta={isFigure ? 'right' : 'left'} {...(isFigure && FIGURE)}>
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

const CURRENT = { 'aria-current': true, className: 'gatez-current' } as const
const FIGURE = { className: 'gatez-figure' } as const

export interface DataTableProps<Row> {
  /** What the list is, for who does not see it. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row, index: number) => Key
  /** What a click on a row does; a link or a button in it must do the same for the keyboard. */
  readonly onOpen?: (row: Row) => void
  /** The row that keys act on. */
  readonly isCurrent?: (row: Row) => boolean
}

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** Whether it holds numbers, which stand one below the other. */
  readonly isFigure?: boolean
}
