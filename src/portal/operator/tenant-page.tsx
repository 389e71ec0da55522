import { Alert, Badge, Code, Group, SimpleGrid, Text } from '@mantine/core'
import { useParams } from 'react-router'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { TailPanel } from './tail-panel.tsx'
import { TenantActions } from './tenant-actions.tsx'
import { TenantFill } from './tenant-fill.tsx'
import { TenantKeys } from './tenant-keys.tsx'
import { TenantMembers } from './tenant-members.tsx'
import { TenantMoney } from './tenant-money.tsx'
import { TenantOverrides } from './tenant-overrides.tsx'
import { TenantState } from './tenant-state.tsx'

type Tenant = AnswerOf<'showTenant'>

/** One customer: whether it may call, its plan, how full its limits are, what it owes, its keys and people. */
export function TenantPage() {
  const { tenant: id = '' } = useParams()
  const tenant = useAsk('showTenant', { tenant: id }, { everyMs: 10_000 })
  const { data } = tenant
  return (
    <Page
      title={data?.name ?? id}
      about={
        <Group gap="xs">
          <Code>{id}</Code>
          {data !== undefined && <TenantState state={data.state} />}
        </Group>
      }
      actions={data !== undefined && <TenantActions tenant={data} />}
    >
      <Shown query={tenant}>
        {(shown) => (
          <>
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="sm">
              <PlanPanel tenant={shown} />
              <TenantMoney tenant={shown.id} />
            </SimpleGrid>
            <TenantFill tenant={shown.id} />
            <TenantOverrides tenant={shown} />
            <TenantKeys tenant={shown.id} />
            <TenantMembers tenant={shown.id} />
            <TailPanel tenant={shown.id} />
          </>
        )}
      </Shown>
    </Page>
  )
}

function PlanPanel({ tenant }: { readonly tenant: Tenant }) {
  const { keys_held: held, keys_max: most } = tenant
  return (
    <Panel title="Plan">
      <FactList
        facts={[
          ['Plan', tenant.plan === null ? 'none' : `${tenant.plan}, version ${tenant.plan_version}`],
          ['Since', <When key="since" at={tenant.plan_since} />],
          ['Trial until', <When key="trial" at={tenant.trial_until} none="no trial" />],
          ['Keys', most === null ? `${held}, of any number` : `${held} of ${most}`],
          ['External id', tenant.external_id ?? '–'],
          ['Tenant since', <When key="created" at={tenant.created_at} style="day" />],
        ]}
      />
      {tenant.next_plan !== null && (
        <Alert mt="sm" color="blue">
          <Text>
            Moves to <Badge>{tenant.next_plan}</Badge> on <When at={tenant.next_plan_at} />.
          </Text>
        </Alert>
      )}
      {tenant.plan_until !== null && (
        <Alert mt="sm" color="orange">
          <Text>
            The plan ends on <When at={tenant.plan_until} />.
          </Text>
        </Alert>
      )}
    </Panel>
  )
}
