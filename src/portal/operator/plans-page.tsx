import { Anchor, Badge, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import type { ItemOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { chargeText, limitText, quotaText } from '../shared/plan-words.ts'
import { Empty, Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { PlansOfFile } from './plans-of-file.tsx'

type Plan = ItemOf<'listPlans'>

/** The plans in force, in words, and whether the file says the same. */
export function PlansPage() {
  const plans = useAsk('listPlans', { limit: '1000' })
  const settings = useAsk('settings', {})
  const currency = settings.data?.billing.currency ?? 'USD'
  return (
    <Page
      title="Plans"
      about="What is in force. Plans are written in the file of gatez; the studio tries other prices on real usage."
      actions={
        <Button component={Link} to="/studio" variant="default">
          Pricing studio
        </Button>
      }
    >
      <PlansOfFile />
      <Shown query={plans}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="No plans yet">Write them into the file, then put it in force.</Empty>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2, xl: 3 }} spacing="sm">
              {data.map((plan) => (
                <PlanPanel key={plan.id} plan={plan} currency={currency} />
              ))}
            </SimpleGrid>
          )
        }
      </Shown>
    </Page>
  )
}

function PlanPanel({ plan, currency }: { readonly plan: Plan; readonly currency: string }) {
  const { routes, keys } = plan
  const words = [
    routes === 'all' ? 'Every route' : `Routes: ${routes.join(', ')}`,
    `${keys.max === null ? 'Any number of keys' : many(keys.max, 'key')}, approved ${keys.approval === 'auto' ? 'at once' : 'by hand'}`,
    ...plan.limits.map(limitText),
    ...plan.quotas.map(quotaText),
    ...plan.charges.map((charge) => chargeText(charge, currency)),
    ...(plan.features.length === 0 ? [] : [`Features: ${plan.features.join(', ')}`]),
    ...(plan.support === null ? [] : [`Support: ${plan.support}`]),
  ]
  return (
    <Panel
      title={plan.name}
      actions={
        <Anchor component={Link} to={`/studio?plan=${encodeURIComponent(plan.id)}`} size="sm">
          Try other prices
        </Anchor>
      }
    >
      <Stack gap="sm">
        <Group gap="xs">
          <Badge color="gray">
            {plan.id}, version {plan.version}
          </Badge>
          <Badge color={plan.subscribers > 0 ? 'green' : 'gray'}>{many(plan.subscribers, 'tenant')}</Badge>
        </Group>
        <ul className="gatez-plain-list">
          {words.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
        <Text size="sm" c="dimmed">
          In force since <When at={plan.since} />
        </Text>
      </Stack>
    </Panel>
  )
}

function many(count: number, one: string): string {
  return `${quantity(count)} ${count === 1 ? one : `${one}s`}`
}
