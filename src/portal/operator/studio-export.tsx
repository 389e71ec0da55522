import { Button, Code, Modal, ScrollArea, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { CopyButton } from '../shared/copy-button.tsx'
import { plansYaml } from './plans-yaml.ts'
import type { FilePlan } from './studio-plans.ts'

/** The plans of the studio as text for the file of gatez. */
export function StudioExport({ plans }: { readonly plans: readonly FilePlan[] }) {
  const [isOpen, setOpen] = useState(false)
  const text = isOpen ? plansYaml(plans) : ''
  return (
    <>
      <Button onClick={() => setOpen(true)}>Export as YAML</Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="Plans for the file" size="lg">
        <Stack gap="sm">
          <Text>
            Put it in the place of <Code>plans:</Code> in gatez.yaml; then <Code>gatez plans diff</Code> and{' '}
            <Code>gatez apply</Code>.
          </Text>
          <CopyButton text={text} label="Copy" />
          <ScrollArea
            h={360}
            type="auto"
            viewportProps={{ tabIndex: 0, role: 'region', 'aria-label': 'YAML' }}
          >
            <Code block data-yaml>
              {text}
            </Code>
          </ScrollArea>
        </Stack>
      </Modal>
    </>
  )
}
