import { Kbd, Text } from '@mantine/core'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { ApprovalQueue } from './approval-queue.tsx'
import { useWaitingRequests } from './waiting-requests.ts'

/** Key requests that wait, the oldest first: granted or turned down, one by one or many at once. */
export function ApprovalsPage() {
  const waiting = useWaitingRequests()
  return (
    <Page
      title="Approvals"
      about={
        <Text c="dimmed" component="div">
          The oldest first. <Kbd>j</Kbd> and <Kbd>k</Kbd> go down and up, <Kbd>x</Kbd> chooses, <Kbd>a</Kbd>{' '}
          approves, <Kbd>r</Kbd> turns down.
        </Text>
      }
    >
      <Panel isFlush>
        <Shown query={waiting}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="Nobody waits">
                A request is here as soon as a customer asks for a key on a plan with approval: manual.
              </Empty>
            ) : (
              <ApprovalQueue requests={data.toReversed()} />
            )
          }
        </Shown>
      </Panel>
    </Page>
  )
}
