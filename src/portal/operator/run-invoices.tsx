import { Alert, Button, Checkbox, Modal, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { OperationId } from '../../control/client.ts'
import { useChange } from '../shared/ask.ts'
import { Failed } from '../shared/states.tsx'

/** What is read again once something happened to invoices. */
export const INVOICED: readonly OperationId[] = [
  'listInvoices',
  'showInvoice',
  'revenue',
  'listDunning',
  'listAudit',
]

/** Makes the invoices of all periods that are over, as drafts if they are to be looked at first. */
export function RunInvoices() {
  const [isOpen, setOpen] = useState(false)
  const [isReview, setReview] = useState(true)
  const change = useChange('runInvoices', INVOICED)
  const close = () => {
    setOpen(false)
    change.reset()
  }
  return (
    <>
      <Button onClick={() => setOpen(true)}>Make invoices</Button>
      <Modal opened={isOpen} onClose={close} title="Make invoices">
        <Stack gap="sm">
          <Text>Of all periods that are over and have none yet. Doing it twice changes nothing.</Text>
          <Checkbox
            label="Leave them as drafts, to be looked at and sent"
            checked={isReview}
            onChange={({ currentTarget }) => setReview(currentTarget.checked)}
          />
          {change.error !== null && <Failed error={change.error} title="None were made" />}
          {change.data !== undefined && (
            <Alert color={change.data.problems.length === 0 ? 'green' : 'orange'}>
              <Text>
                {change.data.made.length} made, {change.data.kept} were there.
              </Text>
              {change.data.problems.map(({ tenant_id, why }) => (
                <Text key={tenant_id}>
                  {tenant_id}: {why}
                </Text>
              ))}
            </Alert>
          )}
          <Button loading={change.isPending} onClick={() => change.mutate({ review: isReview })}>
            Make them
          </Button>
        </Stack>
      </Modal>
    </>
  )
}
