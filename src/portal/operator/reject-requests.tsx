import { Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import { DECIDED, type KeyRequest } from './waiting-requests.ts'

/** Turns requests down, with a reason that who asked reads. */
export function RejectRequests({ requests, onClose, onDone }: RejectRequestsProps) {
  const change = useChange('rejectKeys', DECIDED)
  const [reason, setReason] = useState('')
  const names = requests.map(({ name }) => name).join(', ')
  const reject = () =>
    change.mutate(
      { keys: requests.map(({ id }) => id), ...(reason.trim() !== '' && { reason: reason.trim() }) },
      {
        onSuccess: () => {
          onDone()
          onClose()
        },
      },
    )
  return (
    <Confirm
      isOpen
      title={requests.length === 1 ? `Reject ${names}?` : `Reject ${requests.length} requests?`}
      action="Reject"
      onClose={onClose}
      onConfirm={reject}
      change={change}
    >
      <Stack gap="sm">
        {requests.length > 1 && <Text>{names}</Text>}
        <Textarea
          label="Reason"
          description="Who asked reads it."
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          data-autofocus
          autosize
          minRows={2}
        />
      </Stack>
    </Confirm>
  )
}

export interface RejectRequestsProps {
  readonly requests: readonly KeyRequest[]
  readonly onClose: () => void
  readonly onDone: () => void
}
