import { Button, Group, Modal, SegmentedControl, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk, useChange } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { money, quantity } from '../shared/figures.ts'
import { Failed, Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'

type Preview = AnswerOf<'previewMyPlan'>
type At = 'now' | 'period-end'

/** What a change of plan does to this bill and the next, before it is made. */
export function PlanPreview({ planId, onClose }: PlanPreviewProps) {
  return (
    <Modal opened={planId !== undefined} onClose={onClose} title={`Move to ${planId ?? ''}`} size="lg">
      {planId !== undefined && <Change key={planId} planId={planId} onClose={onClose} />}
    </Modal>
  )
}

export interface PlanPreviewProps {
  /** undefined while none is looked at. */
  readonly planId: string | undefined
  readonly onClose: () => void
}

function Change({ planId, onClose }: { readonly planId: string; readonly onClose: () => void }) {
  const [at, setAt] = useState<At>()
  const preview = useAsk('previewMyPlan', { plan: planId, ...(at !== undefined && { at }) })
  const change = useChange('changeMyPlan', [
    ...(['myAccount', 'plansToChoose', 'myApis', 'myStanding', 'myReference', 'myAudit', 'myBill'] as const),
  ])
  return (
    <Shown query={preview}>
      {(data) => (
        <Stack>
          <SegmentedControl
            aria-label="When"
            value={at ?? (data.direction === 'downgrade' ? 'period-end' : 'now')}
            onChange={(value) => setAt(value === 'now' ? 'now' : 'period-end')}
            data={[
              { value: 'now', label: 'Now' },
              { value: 'period-end', label: 'When this period ends' },
            ]}
          />
          <Sides preview={data} />
          <Lines preview={data} />
          {change.error !== null && <Failed error={change.error} title="It was not done" />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              loading={change.isPending}
              onClick={() =>
                change.mutate({ plan: planId, ...(at !== undefined && { at }) }, { onSuccess: onClose })
              }
            >
              Move to {planId}
            </Button>
          </Group>
        </Stack>
      )}
    </Shown>
  )
}

function Sides({ preview }: { readonly preview: Preview }) {
  const { currency, this_period: now, next_period: next } = preview
  const rows = [
    { name: 'This period, by the usage so far', ...now },
    { name: 'The next period, before any usage', ...next },
  ]
  return (
    <Stack gap="xs">
      <Text>
        The new limits and prices hold from <When at={preview.at} /> on.
      </Text>
      <DataTable
        caption="Bills with and without the change"
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { title: 'Bill', cell: ({ name }) => name },
          { title: 'As it is', isFigure: true, cell: ({ unchanged }) => money(unchanged, currency) },
          { title: 'After', isFigure: true, cell: ({ changed }) => <b>{money(changed, currency)}</b> },
          { title: 'Difference', isFigure: true, cell: ({ difference }) => money(difference, currency) },
        ]}
      />
    </Stack>
  )
}

function Lines({ preview }: { readonly preview: Preview }) {
  const { lines } = preview.this_period
  if (lines.length === 0) return null
  return (
    <DataTable
      caption="Lines of this period after the change"
      rows={lines}
      keyOf={({ plan, charge, from }) => `${plan} ${charge} ${from}`}
      columns={[
        { title: 'Line', cell: ({ plan, charge }) => `${plan}: ${charge}` },
        {
          title: 'Held',
          cell: ({ from, to }) => (
            <>
              <When at={from} style="day" /> – <When at={to} style="day" />
            </>
          ),
        },
        { title: 'Quantity', isFigure: true, cell: (line) => quantity(line.quantity) },
        { title: 'Reckoned by', cell: ({ method }) => method },
        { title: 'Amount', isFigure: true, cell: ({ amount }) => money(amount, preview.currency) },
      ]}
    />
  )
}
