import { Button, Checkbox, Group, Text } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useState } from 'react'
import { useChange } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { Failed } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'
import { RejectRequests } from './reject-requests.tsx'
import { DECIDED, type KeyRequest } from './waiting-requests.ts'

/** The requests as a table that is worked through with keys or with the pointer. */
export function ApprovalQueue({ requests }: { readonly requests: readonly KeyRequest[] }) {
  const queue = useQueue(requests)
  const approve = useChange('approveKeys', DECIDED)
  const [isRejecting, setRejecting] = useState(false)
  const { meant } = queue
  const grant = () => {
    if (meant.length > 0 && !approve.isPending)
      approve.mutate({ keys: meant.map(({ id }) => id) }, { onSuccess: queue.goOn })
  }
  const act = (how: () => void) => () => {
    if (!isRejecting) how()
  }
  useHotkeys(
    [
      ['j', act(() => queue.move(1))],
      ['k', act(() => queue.move(-1))],
      ['x', act(queue.toggleCurrent)],
      ['a', act(grant)],
      ['r', act(() => setRejecting(meant.length > 0))],
    ],
    [],
  )
  return (
    <>
      <Group p="sm" gap="xs" justify="space-between">
        <Text c="dimmed" role="status">
          {queue.chosenCount === 0 ? `${requests.length} waiting` : `${queue.chosenCount} chosen`}
        </Text>
        <Group gap="xs">
          <Button size="xs" onClick={grant} loading={approve.isPending} disabled={meant.length === 0}>
            {queue.chosenCount > 1 ? `Approve ${queue.chosenCount}` : 'Approve'}
          </Button>
          <Button
            size="xs"
            variant="default"
            onClick={() => setRejecting(true)}
            disabled={meant.length === 0}
          >
            {queue.chosenCount > 1 ? `Reject ${queue.chosenCount}` : 'Reject'}
          </Button>
        </Group>
      </Group>
      {approve.error !== null && <Failed error={approve.error} title="Nothing was approved" />}
      <RequestTable requests={requests} queue={queue} />
      {isRejecting && (
        <RejectRequests requests={meant} onClose={() => setRejecting(false)} onDone={queue.goOn} />
      )}
    </>
  )
}

type Queue = ReturnType<typeof useQueue>

interface RequestTableProps {
  readonly requests: readonly KeyRequest[]
  readonly queue: Queue
}

function RequestTable({ requests, queue }: RequestTableProps) {
  const isAll = requests.every(({ id }) => queue.isChosen(id))
  return (
    <>
      <Group px="sm" pb="xs">
        <Checkbox
          size="xs"
          label="Choose all"
          checked={isAll}
          onChange={() => (isAll ? queue.clear() : queue.chooseAll())}
        />
      </Group>
      <DataTable
        caption="Requests that wait"
        rows={requests}
        keyOf={({ id }) => id}
        isCurrent={({ id }) => id === queue.currentId}
        columns={[
          {
            title: 'Chosen',
            cell: ({ id, name }) => (
              <Checkbox
                size="xs"
                aria-label={`Choose ${name}`}
                checked={queue.isChosen(id)}
                onChange={() => queue.toggle(id)}
              />
            ),
          },
          { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
          { title: 'Key', cell: ({ name, mode }) => (mode === 'test' ? `${name} (test)` : name) },
          { title: 'What for', cell: ({ reason }) => <Text maw={420}>{reason ?? '–'}</Text> },
          { title: 'Asked by', cell: ({ requested_by }) => requested_by },
          { title: 'Since', cell: ({ created_at }) => <When at={created_at} /> },
        ]}
      />
    </>
  )
}

/**
 * Which row keys act on, and which are chosen. What is no longer in the list is in neither.
 *
 * The mark belongs to a request, not to a place: when somebody else decides it, no other moves under the key that is
 * about to be pressed. After one's own decision it goes on to the next.
 */
function useQueue(requests: readonly KeyRequest[]) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [marked, setMarked] = useState(requests[0]?.id)
  const place = requests.findIndex(({ id }) => id === marked)
  const currentId = requests[place]?.id
  const picked = requests.filter(({ id }) => chosen.has(id))
  const meant = picked.length > 0 ? picked : requests.filter(({ id }) => id === currentId)
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  return {
    currentId,
    chosenCount: picked.length,
    /** The chosen, or the current one if none is. */
    meant,
    isChosen: (id: string) => chosen.has(id),
    toggle,
    toggleCurrent: () => {
      if (currentId !== undefined) toggle(currentId)
    },
    chooseAll: () => setChosen(new Set(requests.map(({ id }) => id))),
    clear: () => setChosen(new Set<string>()),
    move: (by: number) => {
      const to = place === -1 ? 0 : Math.max(0, Math.min(place + by, requests.length - 1))
      setMarked(requests[to]?.id)
    },
    /** Nothing is chosen any more, and the mark is on the next that was not meant. */
    goOn: () => {
      const isLeft = ({ id }: KeyRequest) => !meant.some((each) => each.id === id)
      const next = requests.slice(Math.max(place, 0)).find(isLeft) ?? requests.findLast(isLeft)
      setMarked(next?.id)
      setChosen(new Set<string>())
    },
  }
}
