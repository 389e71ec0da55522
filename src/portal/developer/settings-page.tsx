import { Button, SegmentedControl, Stack, Text, useMantineColorScheme } from '@mantine/core'
import { useAsk, useChange } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { useSession } from '../shared/session.tsx'
import { Failed, Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'

const SCHEMES = ['auto', 'light', 'dark'] as const

/** What the organisation and its member are, and how the portal looks. */
export function SettingsPage() {
  const account = useAsk('myAccount', {})
  const standing = useAsk('myStanding', {})
  const { session } = useSession()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const member = session?.member ?? undefined
  return (
    <Page title="Settings">
      <Panel title="Your organisation">
        <Shown query={account}>
          {({ tenant }) => (
            <FactList
              facts={[
                ['Name', tenant.name],
                ['Id', tenant.id],
                ['State', tenant.state],
                ['Since', <When key="since" at={tenant.created_at} style="day" />],
                ['Bills in', standing.data?.currency ?? '…'],
                ['Days begin in', standing.data?.timezone ?? '…'],
              ]}
            />
          )}
        </Shown>
      </Panel>
      {member !== undefined && (
        <Panel title="You">
          <Stack align="flex-start">
            <FactList
              facts={[
                ['E-mail', member.email],
                ['Role', member.role],
              ]}
            />
            <ChangePassword email={member.email} />
          </Stack>
        </Panel>
      )}
      <Panel title="Looks">
        <SegmentedControl
          aria-label="Colours"
          value={colorScheme}
          onChange={(value) => setColorScheme(SCHEMES.find((each) => each === value) ?? 'auto')}
          data={[
            { value: 'auto', label: 'As my system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </Panel>
    </Page>
  )
}

function ChangePassword({ email }: { readonly email: string }) {
  const change = useChange('resetPassword')
  if (change.isSuccess) return <Text>A link that sets another password is on its way to {email}.</Text>
  return (
    <>
      {change.error !== null && <Failed error={change.error} title="No link was sent" />}
      <Button variant="default" loading={change.isPending} onClick={() => change.mutate({ email })}>
        Mail me a link to change my password
      </Button>
    </>
  )
}
