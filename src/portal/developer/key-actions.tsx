import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { OperationId } from '../../control/client.ts'
import { useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import type { ListedKey } from './keys-page.tsx'

const TOUCHED: readonly OperationId[] = ['myKeys', 'myAccount', 'myAudit']

/** What can be done with a key in the state it is in. */
export function KeyActions({ keyView, onSecret }: KeyActionsProps) {
  const [asked, setAsked] = useState<'reveal' | 'rotate' | 'revoke'>()
  const close = () => setAsked(undefined)
  const { state } = keyView
  const isOver = state === 'rejected' || state === 'revoked' || state === 'expired'
  if (isOver) return '–'
  const parts = { keyView, onSecret, onClose: close }
  return (
    <Group gap={6} wrap="nowrap">
      {state === 'approved' && (
        <Button size="compact-sm" onClick={() => setAsked('reveal')}>
          Reveal
        </Button>
      )}
      {state === 'active' && keyView.replaced_by === null && (
        <Button size="compact-sm" variant="default" onClick={() => setAsked('rotate')}>
          Rotate
        </Button>
      )}
      <Button size="compact-sm" variant="default" onClick={() => setAsked('revoke')}>
        {state === 'requested' ? 'Withdraw' : 'Revoke'}
      </Button>
      <Reveal {...parts} isOpen={asked === 'reveal'} />
      <Rotate {...parts} isOpen={asked === 'rotate'} />
      <Revoke {...parts} isOpen={asked === 'revoke'} />
    </Group>
  )
}

export interface KeyActionsProps {
  readonly keyView: ListedKey
  readonly onSecret: (secret: string) => void
}

interface DialogProps extends KeyActionsProps {
  readonly isOpen: boolean
  readonly onClose: () => void
}

function Reveal({ keyView, isOpen, onClose, onSecret }: DialogProps) {
  const change = useChange('revealMyKey', TOUCHED)
  const reveal = () =>
    change.mutate(
      { key: keyView.id },
      {
        onSuccess: ({ secret }) => {
          onClose()
          onSecret(secret)
        },
      },
    )
  return (
    <Confirm
      isOpen={isOpen}
      title={`Reveal ${keyView.name}?`}
      action="Reveal it now"
      onClose={onClose}
      onConfirm={reveal}
      change={change}
      isHarmless
    >
      It is shown once. Have the place ready where you keep it.
    </Confirm>
  )
}

function Rotate({ keyView, isOpen, onClose, onSecret }: DialogProps) {
  const change = useChange('rotateMyKey', TOUCHED)
  const [overlap, setOverlap] = useState('24h')
  const rotate = () =>
    change.mutate(
      { key: keyView.id, overlap },
      {
        onSuccess: ({ secret }) => {
          onClose()
          onSecret(secret)
        },
      },
    )
  return (
    <Confirm
      isOpen={isOpen}
      title={`Rotate ${keyView.name}?`}
      action="Make the new key"
      onClose={onClose}
      onConfirm={rotate}
      change={change}
      isHarmless
    >
      <Stack gap="sm">
        <Text>You get a new key now; the old one goes on working for a while, so that nothing breaks.</Text>
        <TextInput
          label="The old key works for another"
          description="As 30m, 24h or 7d."
          value={overlap}
          onChange={({ currentTarget }) => setOverlap(currentTarget.value)}
        />
      </Stack>
    </Confirm>
  )
}

function Revoke({ keyView, isOpen, onClose }: DialogProps) {
  const change = useChange('revokeMyKey', TOUCHED)
  return (
    <Confirm
      isOpen={isOpen}
      title={keyView.state === 'requested' ? `Withdraw ${keyView.name}?` : `Revoke ${keyView.name}?`}
      action={keyView.state === 'requested' ? 'Withdraw it' : 'Revoke it for good'}
      onClose={onClose}
      onConfirm={() => change.mutate({ key: keyView.id }, { onSuccess: onClose })}
      change={change}
    >
      {keyView.state === 'active'
        ? 'Within a second every call with it is refused. This cannot be taken back.'
        : 'This cannot be taken back.'}
    </Confirm>
  )
}
