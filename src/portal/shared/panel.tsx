import { Card, Group, Title } from '@mantine/core'
import type { ReactNode } from 'react'

/** A part of a page with a name of its own. */
export function Panel({ title, actions, children, isFlush = false }: PanelProps) {
  return (
    <Card component="section" aria-label={title} padding={0}>
      {title !== undefined && (
        <Group justify="space-between" px="md" py="sm" gap="xs" className="gatez-panel-head">
          <Title order={2}>{title}</Title>
          {actions !== undefined && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      <div className={isFlush ? 'gatez-flush' : 'gatez-panel'}>{children}</div>
    </Card>
  )
}

export interface PanelProps {
  readonly title?: string
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Whether what is inside reaches to the edge: tables do. */
  readonly isFlush?: boolean
}
