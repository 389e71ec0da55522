import { Alert, Button, Code, Group, Modal, Stack, Text } from '@mantine/core'
import { CopyButton } from '../shared/copy-button.tsx'

/** Shows a secret this once: closing it is the end of it here. */
export function ShownSecret({ secret, onClose }: ShownSecretProps) {
  return (
    <Modal
      opened={secret !== undefined}
      onClose={onClose}
      title="Your key"
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
      size="lg"
    >
      <Stack>
        <Alert color="yellow">
          This is the only time it is shown. Put it where your program finds it; it cannot be had again, only
          replaced.
        </Alert>
        <Code block className="gatez-secret" data-secret>
          {secret ?? ''}
        </Code>
        <Text c="dimmed" size="sm">
          Send it with each call as <Code>x-api-key</Code>.
        </Text>
        <Group justify="flex-end" gap="xs">
          <CopyButton text={secret ?? ''} label="Copy the key" />
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

export interface ShownSecretProps {
  /** undefined while there is none to show. */
  readonly secret: string | undefined
  readonly onClose: () => void
}
