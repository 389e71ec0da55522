import { Button, Modal, Text } from '@mantine/core'
import { useSession } from './session.tsx'

/** Says that the session ended by itself, over whatever page it was, and leads to the way in and back. */
export function ExpiredSession() {
  const { isExpired, leave } = useSession()
  return (
    <Modal
      opened={isExpired}
      onClose={leave}
      title="Your session ended"
      withCloseButton={false}
      // Over whatever dialog was open when it ended.
      zIndex={1000}
      closeOnClickOutside={false}
    >
      <Text mb="md">Nothing was lost. Sign in again, and you are back on this page.</Text>
      <Button onClick={leave} fullWidth data-autofocus>
        Sign in again
      </Button>
    </Modal>
  )
}
