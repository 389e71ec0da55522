import { Alert, Badge, Button, Group, SimpleGrid, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk, useChange } from '../shared/ask.ts'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { chargeText, limitText, quotaText } from '../shared/plan-words.ts'
import { Empty, Failed, Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { PlanPreview } from './plan-preview.tsx'
import { useMay } from './roles.ts'

type Plan = AnswerOf<'plansToChoose'>['data'][number]

/** The plans side by side, what each opens, and the way from one to another with its price first. */
export function PlanPage() {
  const account = useAsk('myAccount', {})
  const plans = useAsk('plansToChoose', {})
  const apis = useAsk('myApis', {})
  const [chosen, setChosen] = useState<string>()
  const currency = apis.data?.currency ?? 'USD'
  return (
    <Page title="Plan" about="What each plan opens and costs. A change is priced before you make it.">
      <Shown query={account}>
        {({ tenant }) => (
          <>
            {tenant.next_plan !== null && <Coming tenant={tenant} />}
            <PlanPreview planId={chosen} onClose={() => setChosen(undefined)} />
            <Shown query={plans}>
              {({ data }) =>
                data.length === 0 ? (
                  <Panel>
                    <Empty title="There is no plan to choose">Ask whoever invited you.</Empty>
                  </Panel>
                ) : (
                  <SimpleGrid cols={{ base: 1, sm: 2, lg: Math.min(data.length, 4) }} spacing="md">
                    {data.map((plan) => (
                      <PlanCard
                        key={plan.id}
                        plan={plan}
                        isMine={plan.id === tenant.plan}
                        currency={currency}
                        onChoose={() => setChosen(plan.id)}
                      />
                    ))}
                  </SimpleGrid>
                )
              }
            </Shown>
          </>
        )}
      </Shown>
    </Page>
  )
}

function Coming({ tenant }: { readonly tenant: AnswerOf<'myAccount'>['tenant'] }) {
  const change = useChange('changeMyPlan', ['myAccount', 'myAudit'])
  const may = useMay()
  const { plan } = tenant
  return (
    <Alert color="blue" title={`You move to ${tenant.next_plan}`}>
      <Stack gap="xs" align="flex-start">
        <Text>
          On <When at={tenant.next_plan_at} />; nothing changes until then.
        </Text>
        {may.plan && plan !== null && (
          <Button
            size="xs"
            variant="default"
            loading={change.isPending}
            onClick={() => change.mutate({ plan })}
          >
            Stay on {plan}
          </Button>
        )}
        {change.error !== null && <Failed error={change.error} title="It was not done" />}
      </Stack>
    </Alert>
  )
}

interface PlanCardProps {
  readonly plan: Plan
  readonly isMine: boolean
  readonly currency: string
  readonly onChoose: () => void
}

function PlanCard({ plan, isMine, currency, onChoose }: PlanCardProps) {
  const may = useMay()
  const price = plan.charges.map((charge) => chargeText(charge, currency))
  return (
    <Panel>
      <Stack gap="sm" h="100%">
        <Group justify="space-between">
          <Text component="h2" fw={600} fz="lg" m={0}>
            {plan.name}
          </Text>
          {isMine && <Badge>Your plan</Badge>}
        </Group>
        <Stack gap={2}>
          {price.length === 0 ? <Text>No charge</Text> : price.map((text) => <Text key={text}>{text}</Text>)}
        </Stack>
        <Facts plan={plan} />
        {!isMine && may.plan && (
          <Button variant="light" onClick={onChoose} mt="auto">
            See what changes
          </Button>
        )}
      </Stack>
    </Panel>
  )
}

function Facts({ plan }: { readonly plan: Plan }) {
  const routes = plan.routes === 'all' ? 'Every route' : plan.routes.join(', ')
  const facts = [
    `Opens: ${routes}`,
    ...plan.features.map((feature) => `With ${feature}`),
    ...plan.limits.map(limitText),
    ...plan.quotas.map(quotaText),
    `${plan.keys.max === null ? 'Any number of keys' : `${quantity(plan.keys.max)} ${plan.keys.max === 1 ? 'key' : 'keys'}`}, granted ${plan.keys.approval === 'auto' ? 'at once' : 'by hand'}`,
    ...(plan.support === null ? [] : [`Support: ${plan.support}`]),
  ]
  return (
    <ul className="gatez-plain-list">
      {facts.map((fact) => (
        <li key={fact}>{fact}</li>
      ))}
    </ul>
  )
}
