import { Card, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** One number with its name above and what it is compared with below. */
export function FigureCard({ label, value, below }: FigureCardProps) {
  return (
    <Card padding="sm">
      <Stack gap={2}>
        <Text size="sm" c="dimmed">
          {label}
        </Text>
        <Text fz="1.375rem" fw={600} lh={1.2} className="gatez-figure" data-figure={label}>
          {value}
        </Text>
        <Text size="sm" c="dimmed" component="div">
          {below}
        </Text>
      </Stack>
    </Card>
  )
}

export interface FigureCardProps {
  readonly label: string
  readonly value: ReactNode
  readonly below: ReactNode
}
