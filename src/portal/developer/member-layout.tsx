import { Button, Menu, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useChange } from '../shared/ask.ts'
import { ExpiredSession } from '../shared/expired.tsx'
import { Layout, type LayoutLink } from '../shared/layout.tsx'
import { useSession } from '../shared/session.tsx'
import { EndedVisit, VisitBanner } from './visit-banner.tsx'

const LINKS: readonly LayoutLink[] = [
  { to: '/', label: 'Overview', icon: 'overview' },
  { to: '/apis', label: 'APIs', icon: 'apis' },
  { to: '/reference', label: 'Reference', icon: 'reference' },
  { to: '/keys', label: 'Keys', icon: 'keys' },
  { to: '/usage', label: 'Usage', icon: 'usage' },
  { to: '/plan', label: 'Plan', icon: 'plan' },
  { to: '/invoices', label: 'Invoices', icon: 'invoices' },
  { to: '/members', label: 'Members', icon: 'members' },
  { to: '/audit', label: 'Audit', icon: 'audit' },
  { to: '/settings', label: 'Settings', icon: 'settings' },
]

/** What stands around every page of a member. */
export function MemberLayout({ children }: { readonly children: ReactNode }) {
  const visit = useSession().session?.visit ?? null
  return (
    <Layout
      basename="/portal"
      links={LINKS}
      account={<Account />}
      banner={visit !== null && <VisitBanner visit={visit} />}
    >
      {visit === null ? <ExpiredSession /> : <EndedVisit visit={visit} />}
      {children}
    </Layout>
  )
}

function Account() {
  const { session, leave } = useSession()
  const navigate = useNavigate()
  const signOut = useChange('signOut')
  const member = session?.member ?? undefined
  if (member === undefined) return null
  const out = () =>
    signOut.mutate({}, { onSettled: () => Promise.resolve(navigate('/', { replace: true })).then(leave) })
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-sm" maw={220}>
          <Text span inherit truncate visibleFrom="sm">
            {member.email}
          </Text>
          <Text span inherit hiddenFrom="sm" aria-label={member.email}>
            {member.email.slice(0, 1).toUpperCase()}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="xs">
            {member.role} of {member.tenant_id}
          </Text>
        </Menu.Label>
        <Menu.Item onClick={() => void navigate('/settings')}>Settings</Menu.Item>
        <Menu.Item onClick={out}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
