import { Layout } from '../shared/layout.tsx'
import { Page } from '../shared/page.tsx'
import { Empty } from '../shared/states.tsx'

/** The pages of who runs gatez. */
export function OperatorPortal() {
  return (
    <Layout basename="/operator" links={[{ to: '/', label: 'Overview', icon: 'overview' }]} account={null}>
      <Page title="Overview">
        <Empty title="Nothing here yet">The command line does all there is.</Empty>
      </Page>
    </Layout>
  )
}
