import { Button, Group, Modal, Text } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useChange } from '../shared/ask.ts'
import { type Session, useSession } from '../shared/session.tsx'
import { Failed } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'

/** The visit of an operator: whose pages these are, and who looks at them. */
export type Visit = NonNullable<Session['visit']>

/** Stands above every page while an operator sees them as a customer does; the way back ends it. */
export function VisitBanner({ visit }: { readonly visit: Visit }) {
  const account = useAsk('myAccount', {})
  const { end, error, isEnding } = useVisitEnd(visit)
  return (
    <section className="gatez-visit" aria-label="Visit of the operator">
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Text size="sm" component="div">
          <b>{visit.by}</b> sees what members of {account.data?.tenant.name ?? visit.tenant_id} see. Nothing
          can be changed. Until <When at={visit.expires_at} style="time" />.
        </Text>
        <Button size="compact-sm" color="dark" onClick={end} loading={isEnding}>
          End
        </Button>
      </Group>
      {error !== null && <Failed error={error} title="It did not end" />}
    </section>
  )
}

/** Says that the visit is over, where it ended by itself, and leads back to the pages of the operator. */
export function EndedVisit({ visit }: { readonly visit: Visit }) {
  const { isExpired } = useSession()
  const back = () => window.location.assign(placeOf(visit))
  return (
    <Modal opened={isExpired} onClose={back} title="Your visit ended" withCloseButton={false} zIndex={1000}>
      <Text mb="md">It lasts half an hour at most, and no longer than your own session.</Text>
      <Button onClick={back} fullWidth data-autofocus>
        Back to the operator’s pages
      </Button>
    </Modal>
  )
}

/** Ends the visit, and goes back to the tenant among the pages of the operator. */
function useVisitEnd(visit: Visit) {
  const signOut = useChange('signOut')
  const [isLeaving, setLeaving] = useState(false)
  const end = () =>
    signOut.mutate(
      {},
      {
        onSuccess: () => {
          setLeaving(true)
          window.location.assign(placeOf(visit))
        },
      },
    )
  return { end, error: signOut.error, isEnding: signOut.isPending || isLeaving }
}

function placeOf({ tenant_id: tenant }: Visit): string {
  return `/operator/tenants/${encodeURIComponent(tenant)}`
}
