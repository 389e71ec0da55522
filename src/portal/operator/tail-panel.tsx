import { Button, NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { CallRows } from './call-rows.tsx'
import { useLastCalls } from './tail.ts'

const LIVE_MS = 2_000
const STATUSES = ['2xx', '3xx', '4xx', '5xx']

/** The last calls as they come; it can be held still to read. */
export function TailPanel({ tenant }: { readonly tenant?: string }) {
  const [status, setStatus] = useState('')
  const [isHeld, setHeld] = useState(false)
  const asked = {
    ...{ last: '20', look_back: '20000' },
    ...(status !== '' && { status }),
    ...(tenant !== undefined && { tenant }),
  }
  const calls = useLastCalls(asked, isHeld ? false : LIVE_MS)
  return (
    <Panel
      title="Last calls"
      isFlush
      actions={
        <>
          <NativeSelect
            size="xs"
            aria-label="Status"
            data={[{ value: '', label: 'Every status' }, ...STATUSES]}
            value={status}
            onChange={({ currentTarget }) => setStatus(currentTarget.value)}
          />
          <Button size="xs" variant="default" aria-pressed={isHeld} onClick={() => setHeld(!isHeld)}>
            {isHeld ? 'Go on' : 'Pause'}
          </Button>
        </>
      }
    >
      <Shown query={calls} rows={6}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title="No calls yet">Each is here about a second after its answer.</Empty>
          ) : (
            <CallRows rows={rows} />
          )
        }
      </Shown>
    </Panel>
  )
}
