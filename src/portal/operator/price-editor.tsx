import { Badge, Button, Group, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { DataTable } from '../shared/data-table.tsx'
import { Panel } from '../shared/panel.tsx'
import type { FileCharge } from './studio-plans.ts'
import {
  isAmount,
  numbersOf,
  type Tier,
  textOf,
  tierNames,
  tiersOf,
  withNumber,
  withoutTier,
  withTierMore,
  withTierNumber,
} from './studio-price.ts'

/** One charge with every number of its price to move. */
export function PriceEditor({ charge, onPrice }: PriceEditorProps) {
  const { id, meter, price } = charge
  const tiers = tiersOf(price)
  return (
    <Panel
      title={meter === null || meter === id ? id : `${id}: ${meter}`}
      actions={<Badge color="gray">{textOf(price.model)}</Badge>}
    >
      <Stack gap="sm">
        {tiers.length > 0 && <TierTable tiers={tiers} charge={charge} onPrice={onPrice} />}
        <SimpleGrid cols={{ base: 2, lg: 4 }} spacing="sm">
          {numbersOf(charge).map(([name, value]) => (
            <TextInput
              key={name}
              size="xs"
              label={NAMES[name] ?? name}
              value={value}
              error={value === '' || isAmount(value) ? undefined : 'A number such as 0.002'}
              inputMode="decimal"
              onChange={({ currentTarget }) => onPrice(withNumber(price, name, currentTarget.value.trim()))}
            />
          ))}
        </SimpleGrid>
      </Stack>
    </Panel>
  )
}

export interface PriceEditorProps {
  readonly charge: FileCharge
  readonly onPrice: (price: FileCharge['price']) => void
}

function TierTable({
  tiers,
  charge: { price, id },
  onPrice,
}: PriceEditorProps & { readonly tiers: readonly Tier[] }) {
  const rows = tiers.map((tier, at) => ({ tier, at }))
  return (
    <Stack gap="xs">
      <DataTable
        caption={`Tiers of ${id}`}
        rows={rows}
        keyOf={({ at }) => at}
        columns={[
          ...tierNames(tiers).map((name) => ({
            title: NAMES[name] ?? name,
            cell: ({ tier, at }: TierRow) =>
              tier[name] === null ? (
                'and more'
              ) : (
                <TextInput
                  size="xs"
                  miw={90}
                  aria-label={`${NAMES[name] ?? name}, tier ${at + 1} of ${id}`}
                  value={textOf(tier[name])}
                  error={!isAmount(textOf(tier[name]))}
                  inputMode="decimal"
                  onChange={({ currentTarget }) =>
                    onPrice(withTierNumber(price, at, [name, currentTarget.value.trim()]))
                  }
                />
              ),
          })),
          {
            title: 'Change',
            cell: ({ at }: TierRow) =>
              at < tiers.length - 1 && (
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`Take out tier ${at + 1} of ${id}`}
                  onClick={() => onPrice(withoutTier(price, at))}
                >
                  Take out
                </Button>
              ),
          },
        ]}
      />
      <Group>
        <Button size="compact-sm" variant="default" onClick={() => onPrice(withTierMore(price))}>
          Add a tier
        </Button>
      </Group>
    </Stack>
  )
}

interface TierRow {
  readonly tier: Tier
  readonly at: number
}

const NAMES: Readonly<Record<string, string>> = {
  up_to: 'Up to',
  unit: 'Each',
  flat: 'For all of the tier',
  amount: 'Amount',
  size: 'In a package',
  rate: 'Percent',
  included: 'Included',
  minimum: 'At least',
  maximum: 'At most',
  discount: 'Discount, %',
}
