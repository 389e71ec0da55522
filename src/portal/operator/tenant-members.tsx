import { Alert, Button, Code, Modal, NativeSelect, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useChange } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'
import { When } from '../shared/when.tsx'

const ROLES = ['admin', 'developer', 'billing', 'viewer'] as const

/** The people of a tenant, who sign in to the developer portal. */
export function TenantMembers({ tenant }: { readonly tenant: string }) {
  const members = useAsk('listMembers', { tenant, limit: '1000' })
  return (
    <Panel title="Members" isFlush actions={<Invite tenant={tenant} />}>
      <Shown query={members} rows={2}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No members">Nobody of this tenant can sign in to the portal.</Empty>
          ) : (
            <DataTable
              caption="Members"
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                { title: 'E-mail', cell: ({ email }) => email },
                { title: 'Role', cell: ({ role }) => role },
                { title: 'Since', cell: ({ created_at }) => <When at={created_at} style="day" /> },
                {
                  title: 'Open invitation until',
                  cell: ({ link_expires_at }) => <When at={link_expires_at} none="none" />,
                },
              ]}
            />
          )
        }
      </Shown>
    </Panel>
  )
}

function Invite({ tenant }: { readonly tenant: string }) {
  const [isOpen, setOpen] = useState(false)
  const change = useChange('inviteMember', ['listMembers'])
  const submit = (fields: FormData) => {
    const role = ROLES.find((each) => each === fieldOf(fields, 'role'))
    change.mutate({ tenant, email: fieldOf(fields, 'email') ?? '', ...(role !== undefined && { role }) })
  }
  const close = () => {
    setOpen(false)
    change.reset()
  }
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        Invite
      </Button>
      <Modal opened={isOpen} onClose={close} title="Invite a member">
        {change.data === undefined ? (
          <TextForm action="Invite" change={change} onSubmit={submit} title="Nobody was invited">
            <TextInput name="email" type="email" label="E-mail" required data-autofocus />
            <NativeSelect name="role" label="Role" data={[...ROLES]} defaultValue="admin" />
          </TextForm>
        ) : (
          <Alert color="green" title="Invited">
            <Text>
              A message with the way in goes to <Code>{change.data.email}</Code>.
            </Text>
          </Alert>
        )}
      </Modal>
    </>
  )
}
