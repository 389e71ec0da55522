import { Alert, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { DataTable } from './data-table.tsx'
import { quantity } from './figures.ts'
import { Panel } from './panel.tsx'
import { When } from './when.tsx'

const VERDICTS = {
  billed: { title: 'This call was billed', color: 'green' },
  not_billed: { title: 'This call was not billed', color: 'gray' },
  refused: { title: 'This call was refused', color: 'orange' },
} as const

/** Whether a call was billed, and why; `children` stand behind the reason. */
export function CallVerdict({ why, children }: { readonly why: CallReason; readonly children?: ReactNode }) {
  return (
    <Alert {...VERDICTS[why.verdict]}>
      <Text>{why.because}</Text>
      {children}
      {why.frees_at !== null && (
        <Text>
          A call like it passes from <When at={why.frees_at} style="exact" /> on.
        </Text>
      )}
      {why.plans_that_pass.length > 0 && (
        <Text>It would have passed on: {why.plans_that_pass.join(', ')}.</Text>
      )}
    </Alert>
  )
}

/** The limits of the plan as they stood just before a call; nothing where it had none. */
export function LimitsBefore({ limits }: { readonly limits: readonly LimitBefore[] }) {
  if (limits.length === 0) return null
  return (
    <Panel title="Limits just before it" isFlush>
      <DataTable
        caption="Limits"
        rows={limits}
        keyOf={({ id }) => id}
        columns={[
          { title: 'Limit', cell: ({ id }) => id },
          { title: 'Used', isFigure: true, cell: ({ used_before }) => quantity(used_before) },
          { title: 'Of', isFigure: true, cell: ({ limit }) => quantity(limit) },
          { title: 'Had room', cell: ({ had_room }) => (had_room ? 'yes' : 'no') },
        ]}
      />
    </Panel>
  )
}

interface CallReason {
  readonly verdict: keyof typeof VERDICTS
  readonly because: string
  readonly frees_at: string | null
  readonly plans_that_pass: readonly string[]
}

interface LimitBefore {
  readonly id: string
  readonly used_before: number
  readonly limit: number
  readonly had_room: boolean
}
