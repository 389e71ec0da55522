import { useAsk } from '../shared/ask.ts'
import { Page } from '../shared/page.tsx'
import { Shown } from '../shared/states.tsx'

/** Where an organisation stands today. */
export function OverviewPage() {
  const account = useAsk('myAccount', {})
  return (
    <Page title="Overview">
      <Shown query={account}>{({ tenant }) => <p>{tenant.name}</p>}</Shown>
    </Page>
  )
}
