import { SimpleGrid } from '@mantine/core'
import { Page } from '../shared/page.tsx'
import { HealthPanel } from './health-panel.tsx'
import { RevenuePanel } from './revenue-panel.tsx'
import { TailPanel } from './tail-panel.tsx'
import { TrafficPanel } from './traffic-panel.tsx'
import { WaitingPanel } from './waiting-panel.tsx'

/** What goes through at this moment, what waits for an answer, what it earns, and what is not well. */
export function OverviewPage() {
  return (
    <Page
      title="Overview"
      about="What goes through the gateway of this process at this moment, and what waits for you."
    >
      <TrafficPanel />
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing="sm">
        <WaitingPanel />
        <RevenuePanel />
        <HealthPanel />
      </SimpleGrid>
      <TailPanel />
    </Page>
  )
}
