import { Badge, Button, Group, Modal, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk, useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import { DataTable } from '../shared/data-table.tsx'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { useSession } from '../shared/session.tsx'
import { Failed } from '../shared/states.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'
import { When } from '../shared/when.tsx'
import { useMay } from './roles.ts'

const ROLES = [
  { value: 'admin', label: 'Admin: everything' },
  { value: 'developer', label: 'Developer: keys and calls' },
  { value: 'billing', label: 'Billing: plan and invoices' },
  { value: 'viewer', label: 'Viewer: looks only' },
] as const

type Member = AnswerOf<'myMembers'>['data'][number]

/** The persons of an organisation, and what each may. */
export function MembersPage() {
  const pages = usePages()
  const members = useAsk('myMembers', pages.asked)
  const [isOpen, { open, close }] = useDisclosure(false)
  const may = useMay()
  return (
    <Page
      title="Members"
      about="Who may sign in, and what for."
      actions={may.members && <Button onClick={open}>Invite a person</Button>}
    >
      <Invite isOpen={isOpen} onClose={close} />
      <Panel isFlush>
        <Paged query={members} pages={pages} empty={null}>
          {(data) => (
            <DataTable
              caption="Members"
              rows={data}
              keyOf={({ id }) => id}
              columns={[
                { title: 'Address', cell: ({ email }) => <Text fw={500}>{email}</Text> },
                { title: 'Role', cell: (member) => <Role member={member} /> },
                { title: 'Since', cell: ({ created_at }) => <When at={created_at} style="day" /> },
                {
                  title: 'Invitation',
                  cell: ({ link_expires_at }) =>
                    link_expires_at === null ? (
                      'accepted'
                    ) : (
                      <>
                        open until <When at={link_expires_at} style="day" />
                      </>
                    ),
                },
                { title: 'What to do', cell: (member) => <Remove member={member} /> },
              ]}
            />
          )}
        </Paged>
      </Panel>
    </Page>
  )
}

function Invite({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  const change = useChange('inviteToMine', ['myMembers', 'myAudit'])
  const submit = (fields: FormData) =>
    change.mutate(
      { email: fieldOf(fields, 'email') ?? '', role: roleOf(fieldOf(fields, 'role')) },
      { onSuccess: onClose },
    )
  return (
    <Modal opened={isOpen} onClose={onClose} title="Invite a person">
      <TextForm action="Send the invitation" onSubmit={submit} change={change}>
        <TextInput name="email" type="email" label="E-mail" required data-autofocus />
        <NativeSelect name="role" label="Role" data={[...ROLES]} defaultValue="developer" />
      </TextForm>
    </Modal>
  )
}

function Role({ member }: { readonly member: Member }) {
  const change = useChange('changeRole', ['myMembers', 'myAudit'])
  const may = useMay()
  const { session } = useSession()
  if (!may.members || member.id === session?.member?.id) return <Badge color="gray">{member.role}</Badge>
  return (
    <Stack gap={4}>
      <NativeSelect
        size="xs"
        aria-label={`Role of ${member.email}`}
        data={ROLES.map(({ value }) => value)}
        value={member.role}
        disabled={change.isPending}
        onChange={({ currentTarget }) =>
          change.mutate({ member: member.id, role: roleOf(currentTarget.value) })
        }
      />
      {change.error !== null && <Failed error={change.error} title="It was not changed" />}
    </Stack>
  )
}

function Remove({ member }: { readonly member: Member }) {
  const [isOpen, { open, close }] = useDisclosure(false)
  const change = useChange('removeFromMine', ['myMembers', 'myAudit'])
  const may = useMay()
  const { session } = useSession()
  if (!may.members || member.id === session?.member?.id) return '–'
  return (
    <Group>
      <Button size="compact-sm" variant="default" onClick={open}>
        Remove
      </Button>
      <Confirm
        isOpen={isOpen}
        title={`Remove ${member.email}?`}
        action="Remove"
        onClose={close}
        onConfirm={() => change.mutate({ member: member.id }, { onSuccess: close })}
        change={change}
      >
        They are signed out at once. The keys of your organisation stay.
      </Confirm>
    </Group>
  )
}

function roleOf(text: string | undefined): Member['role'] {
  return ROLES.find(({ value }) => value === text)?.value ?? 'viewer'
}
