import { Alert, Button, Group, Modal, NativeSelect, Stack, Textarea, TextInput } from '@mantine/core'
import type { FormEvent } from 'react'
import { useChange } from '../shared/ask.ts'
import { Failed } from '../shared/states.tsx'
import { fieldOf } from '../shared/text-form.tsx'

/** Asks for a key, saying what it is for. */
export function AskForKey({ isOpen, onClose, approval }: AskForKeyProps) {
  const change = useChange('askForKey', ['myKeys', 'myAccount', 'myAudit'])
  const close = () => {
    change.reset()
    onClose()
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const fields = new FormData(event.currentTarget)
    const [reason, expires, ips] = ['reason', 'expires', 'ips'].map((name) => fieldOf(fields, name))
    change.mutate(
      {
        name: fieldOf(fields, 'name') ?? 'default',
        mode: fields.get('mode') === 'test' ? 'test' : 'live',
        ...(reason !== undefined && { reason }),
        ...(expires !== undefined && { expires }),
        ...(ips !== undefined && { ips }),
      },
      { onSuccess: close },
    )
  }
  return (
    <Modal opened={isOpen} onClose={close} title="Ask for a key">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput name="name" label="Name" placeholder="shop" maxLength={100} required data-autofocus />
          <Textarea
            name="reason"
            label="What it is for"
            description={approval === 'manual' ? 'Whoever grants it reads this.' : 'For your own records.'}
            autosize
            minRows={2}
          />
          <NativeSelect
            name="mode"
            label="Kind"
            data={[
              { value: 'live', label: 'Live: counted and billed' },
              { value: 'test', label: 'Test: limited and logged, never billed' },
            ]}
          />
          <Group grow align="flex-start">
            <TextInput name="expires" label="Ends after" placeholder="90d" description="Never, if empty." />
            <TextInput
              name="ips"
              label="Only from"
              placeholder="203.0.113.0/24"
              description="Anywhere, if empty."
            />
          </Group>
          {approval === 'auto' && <Alert color="gray">On your plan it is granted at once.</Alert>}
          {change.error !== null && <Failed error={change.error} title="It was not asked for" />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" loading={change.isPending}>
              Ask for it
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

export interface AskForKeyProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly approval: 'auto' | 'manual'
}
