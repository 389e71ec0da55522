import { Alert, Code, SimpleGrid, Stack, Text } from '@mantine/core'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { FigureCard } from '../shared/figure-card.tsx'
import { money, quantity } from '../shared/figures.ts'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { TenantLink } from './call-rows.tsx'
import type { FilePlan } from './studio-plans.ts'

type Simulation = AnswerOf<'simulatePrices'>

/** What the prices of the studio would have come to, for whom it changes, and what looks wrong about them. */
export function StudioResult({ plans, month, isWhole }: StudioResultProps) {
  const how = { isWanted: isWhole }
  const asked = { plans: [...plans] }
  const simulation = useAsk('simulatePrices', { ...asked, month }, how)
  return (
    <Stack gap="sm">
      {!isWhole && (
        <Alert color="orange" title="A number is not whole">
          The result below is that of the numbers before.
        </Alert>
      )}
      <Shown query={simulation}>
        {(data) => (
          <>
            <Sums simulation={data} />
            <Tenants simulation={data} />
          </>
        )}
      </Shown>
      <Changes plans={asked.plans} isWhole={isWhole} />
    </Stack>
  )
}

export interface StudioResultProps {
  readonly plans: readonly FilePlan[]
  readonly month: string
  /** Whether every number can be read. */
  readonly isWhole: boolean
}

function Sums({
  simulation: { total, currency, winners, losers, same },
}: {
  readonly simulation: Simulation
}) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
      <FigureCard label="As it is" value={money(total.before, currency)} below="in this month" />
      <FigureCard
        label="With these prices"
        value={money(total.after, currency)}
        below={signed(total.change, currency)}
      />
      <FigureCard
        label="Pay more"
        value={quantity(losers)}
        below={`${quantity(winners)} less, ${quantity(same)} the same`}
      />
    </SimpleGrid>
  )
}

function Tenants({ simulation }: { readonly simulation: Simulation }) {
  const { tenants, currency, left_out: out } = simulation
  return (
    <Panel title="By tenant" isFlush>
      {tenants.length === 0 ? (
        <Empty title="Nobody used anything">There is nothing to price in this month.</Empty>
      ) : (
        <DataTable
          caption="What tenants would have paid"
          rows={tenants}
          keyOf={({ tenant_id }) => tenant_id}
          columns={[
            { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
            { title: 'As it is', isFigure: true, cell: ({ before }) => money(before, currency) },
            { title: 'With these prices', isFigure: true, cell: ({ after }) => money(after, currency) },
            { title: 'Change', isFigure: true, cell: ({ change }) => signed(change, currency) },
          ]}
        />
      )}
      {out.map(({ tenant_id, why }) => (
        <Text key={tenant_id} p="sm" c="dimmed">
          {tenant_id} is left out: {why}
        </Text>
      ))}
    </Panel>
  )
}

interface ChangesProps {
  readonly plans: FilePlan[]
  readonly isWhole: boolean
}

function Changes({ plans, isWhole }: ChangesProps) {
  const how = { isWanted: isWhole }
  const diff = useAsk('diffPlans', { plans }, how)
  const lint = useAsk('lintPrices', { plans }, how)
  const changed = (diff.data?.plans ?? []).filter(({ change }) => change !== 'unchanged')
  return (
    <>
      {(lint.data?.findings ?? []).map(({ plan, charge, rule, message }) => (
        <Alert key={`${plan} ${charge} ${rule} ${message}`} color="orange" title={`Can ${plan} mean this?`}>
          {message}
        </Alert>
      ))}
      <Panel title="What it changes">
        {changed.length === 0 && <Text c="dimmed">Nothing: these are the prices in force.</Text>}
        {changed.map(({ plan, facts, tenants }) => (
          <Stack key={plan} gap={4}>
            <Text fw={600}>
              {plan}, {quantity(tenants.length)} tenants
            </Text>
            {facts.map(({ field, before, after }) => (
              <Text key={field} size="sm">
                {field}: <Code>{before ?? 'nothing'}</Code> → <Code>{after ?? 'nothing'}</Code>
              </Text>
            ))}
          </Stack>
        ))}
        {(diff.data?.blocked_now ?? []).map(({ tenant, by }) => (
          <Text key={tenant} c="dimmed">
            {tenant} would be refused now by {by.join(', ')}.
          </Text>
        ))}
      </Panel>
    </>
  )
}

function signed(amount: string, currency: string): string {
  if (/^-?[0.]+$/.test(amount)) return 'no change'
  return amount.startsWith('-') ? money(amount, currency) : `+${money(amount, currency)}`
}
