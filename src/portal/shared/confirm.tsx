import { Button, Group, Modal, Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { Failed } from './states.tsx'

/** Asks before something is done that cannot be undone, and says what came of it. */
export function Confirm(props: ConfirmProps) {
  const { isOpen, title, action, onClose, onConfirm, change, children, isHarmless = false } = props
  return (
    <Modal opened={isOpen} onClose={onClose} title={title}>
      <Stack>
        <div>{children}</div>
        {change.error !== null && <Failed error={change.error} title="It was not done" />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            color={isHarmless ? 'brand' : 'red.8'}
            variant="filled"
            loading={change.isPending}
            onClick={onConfirm}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

export interface ConfirmProps {
  readonly isOpen: boolean
  readonly title: string
  /** What the button says that does it. */
  readonly action: string
  readonly onClose: () => void
  readonly onConfirm: () => void
  readonly change: { readonly error: unknown; readonly isPending: boolean }
  /** Whether nothing is lost by it. */
  readonly isHarmless?: boolean
  /** What will happen. */
  readonly children: ReactNode
}
