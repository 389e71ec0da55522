import { Button, Group, NativeSelect, SimpleGrid, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { lastMonths } from '../shared/months.ts'
import { Page } from '../shared/page.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { PriceEditor } from './price-editor.tsx'
import { StudioExport } from './studio-export.tsx'
import { type FilePlan, filePlanOf, withPrice } from './studio-plans.ts'
import { isWhole } from './studio-price.ts'
import { StudioResult } from './studio-result.tsx'

const REST_MS = 250

/** Moves prices, and says at once what a month of real usage would have cost with them. */
export function StudioPage() {
  const plans = useAsk('listPlans', { limit: '1000' })
  return (
    <Shown query={plans}>
      {({ data }) => {
        const charged = data.filter(({ charges }) => charges.length > 0)
        if (charged.length === 0) {
          return (
            <Page title="Pricing studio">
              <Empty title="No plan has a price">Give one a charge in the file first.</Empty>
            </Page>
          )
        }
        // Prices that were put in force meanwhile begin it anew.
        const key = data.map(({ id, version }) => `${id} ${version}`).join()
        return <Studio key={key} inForce={data.map(filePlanOf)} first={charged[0]?.id ?? ''} />
      }}
    </Shown>
  )
}

interface StudioProps {
  readonly inForce: readonly FilePlan[]
  readonly first: string
}

function Studio({ inForce, first }: StudioProps) {
  const [search, setSearch] = useSearchParams()
  const [plans, setPlans] = useState(inForce)
  const [tried] = useDebouncedValue(plans, REST_MS)
  const months = lastMonths()
  const month = search.get('month') ?? months[0] ?? ''
  const chosen = plans.find(({ id }) => id === search.get('plan')) ?? plans.find(({ id }) => id === first)
  const choose = (name: string, value: string) =>
    setSearch(
      (before) => {
        before.set(name, value)
        return before
      },
      { replace: true },
    )
  return (
    <Page
      title="Pricing studio"
      about="What real usage of a month would have cost at other prices. Nothing here changes anything."
      actions={
        <>
          <Button variant="default" onClick={() => setPlans(inForce)}>
            As in force
          </Button>
          <StudioExport plans={plans} />
        </>
      }
    >
      <Group gap="sm" align="flex-end">
        <NativeSelect
          label="Plan"
          data={plans.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen?.id ?? ''}
          onChange={({ currentTarget }) => choose('plan', currentTarget.value)}
        />
        <NativeSelect
          label="Usage of"
          data={[...months]}
          value={month}
          onChange={({ currentTarget }) => choose('month', currentTarget.value)}
        />
      </Group>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        <Stack gap="sm">
          {chosen !== undefined && chosen.charges.length === 0 && (
            <Text c="dimmed">This plan charges nothing.</Text>
          )}
          {chosen?.charges.map((charge) => (
            <PriceEditor
              key={`${chosen.id} ${charge.id}`}
              charge={charge}
              onPrice={(price) => setPlans(withPrice(plans, { plan: chosen.id, charge: charge.id }, price))}
            />
          ))}
        </Stack>
        <StudioResult plans={tried} month={month} isWhole={tried.every(isReadable)} />
      </SimpleGrid>
    </Page>
  )
}

function isReadable({ charges }: FilePlan): boolean {
  return charges.every(({ price }) => isWhole(price))
}
