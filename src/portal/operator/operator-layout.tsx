import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { useNavigate } from 'react-router'
import { useChange } from '../shared/ask.ts'
import { Layout, type LayoutLink } from '../shared/layout.tsx'
import { useSession } from '../shared/session.tsx'
import { useWaitingRequests } from './waiting-requests.ts'

const LINKS: readonly LayoutLink[] = [
  { to: '/', label: 'Overview', icon: 'overview' },
  { to: '/approvals', label: 'Approvals', icon: 'check' },
  { to: '/tenants', label: 'Tenants', icon: 'tenants' },
  { to: '/usage', label: 'Usage', icon: 'usage' },
  { to: '/revenue', label: 'Revenue', icon: 'revenue' },
  { to: '/invoices', label: 'Invoices', icon: 'invoices' },
  { to: '/dunning', label: 'Dunning', icon: 'dunning' },
  { to: '/plans', label: 'Plans', icon: 'plan' },
  { to: '/studio', label: 'Pricing studio', icon: 'studio' },
  { to: '/refusals', label: 'Limits hit', icon: 'refused' },
  { to: '/proof', label: 'Proof', icon: 'reference' },
  { to: '/health', label: 'Health', icon: 'health' },
  { to: '/audit', label: 'Audit', icon: 'audit' },
]

/** What stands around every page of the operator. */
export function OperatorLayout({ children }: { readonly children: ReactNode }) {
  const { data } = useWaitingRequests()
  const count = data?.data.length ?? 0
  const links = LINKS.map((link) => (link.to === '/approvals' ? { ...link, count } : link))
  return (
    <Layout basename="/operator" links={links} account={<SignOut />}>
      {children}
    </Layout>
  )
}

function SignOut() {
  const { leave } = useSession()
  const navigate = useNavigate()
  const signOut = useChange('signOutOperator')
  const out = () =>
    signOut.mutate({}, { onSettled: () => Promise.resolve(navigate('/', { replace: true })).then(leave) })
  return (
    <Button variant="subtle" color="gray" size="compact-sm" onClick={out} loading={signOut.isPending}>
      Sign out
    </Button>
  )
}
