import { Anchor, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { useWaitingRequests } from './waiting-requests.ts'

const SHOWN_MAX = 4

/** How many key requests wait, and the oldest of them. */
export function WaitingPanel() {
  const waiting = useWaitingRequests()
  return (
    <Panel
      title="Waiting for approval"
      actions={
        <Anchor component={Link} to="/approvals" size="sm">
          Decide
        </Anchor>
      }
    >
      <Shown query={waiting} rows={2}>
        {({ data }) => (
          <Stack gap="xs">
            <Text fz="1.375rem" fw={600} lh={1.2} className="gatez-figure" data-figure="Waiting">
              {quantity(data.length)}
            </Text>
            {data.length === 0 && <Text c="dimmed">Nobody waits for a key.</Text>}
            {data
              .toReversed()
              .slice(0, SHOWN_MAX)
              .map(({ id, name, tenant_id, created_at }) => (
                <Text key={id} size="sm">
                  {tenant_id}: {name} · <When at={created_at} />
                </Text>
              ))}
          </Stack>
        )}
      </Shown>
    </Panel>
  )
}
