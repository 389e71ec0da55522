import { Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { AnswerOf } from '../../control/client.ts'
import { useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'

/** Opens the pages of a customer as it sees them; why is asked first, for the audit logs of both. */
export function SeeAsTenant({ tenant, onClose }: SeeAsTenantProps) {
  const change = useChange('impersonateTenant', ['listAudit'])
  const [reason, setReason] = useState('')
  const open = () =>
    change.mutate(
      { tenant: tenant.id, reason: reason.trim() },
      { onSuccess: () => window.location.assign('/portal/') },
    )
  return (
    <Confirm
      isOpen
      title={`See the portal as ${tenant.name}`}
      action="Open its pages"
      onClose={onClose}
      onConfirm={() => {
        if (reason.trim() !== '') open()
      }}
      change={change}
      isHarmless
    >
      <Stack gap="sm">
        <Text>
          For half an hour you see what its members see. Nothing can be changed, and no secret is shown. You
          stay signed in here.
        </Text>
        <TextInput
          label="Reason"
          description="For the audit log, which the customer can read."
          placeholder="Ticket 4711: no usage shown"
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          maxLength={1000}
          required
          data-autofocus
        />
      </Stack>
    </Confirm>
  )
}

export interface SeeAsTenantProps {
  readonly tenant: AnswerOf<'showTenant'>
  readonly onClose: () => void
}
