import { Button, Modal, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { AnswerOf, InputOf, OperationId } from '../../control/client.ts'
import { useChange } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { Panel } from '../shared/panel.tsx'
import { Failed } from '../shared/states.tsx'
import { fieldOf, TextForm } from '../shared/text-form.tsx'

type Tenant = AnswerOf<'showTenant'>

const TOUCHED: readonly OperationId[] = ['showTenant', 'listQuotas', 'limitsNow', 'listAudit', 'revenue']

/** What a tenant gets beside its plan, and the way to give it more or to take it back. */
export function TenantOverrides({ tenant }: { readonly tenant: Tenant }) {
  const change = useChange('overrideTenant', TOUCHED)
  const rows = rowsOf(tenant.overrides)
  return (
    <Panel title="Overrides" isFlush actions={<Override tenant={tenant.id} />}>
      {change.error !== null && <Failed error={change.error} title="It was not taken back" />}
      {rows.length === 0 ? (
        <Text p="md" c="dimmed">
          None: what its plan says holds.
        </Text>
      ) : (
        <DataTable
          caption="Overrides"
          rows={rows}
          keyOf={({ what, id }) => `${what} ${id}`}
          columns={[
            { title: 'What', cell: ({ what }) => what },
            { title: 'Id', cell: ({ id }) => id },
            { title: 'Holds', cell: ({ value }) => value },
            {
              title: 'Change',
              cell: ({ id }) => (
                <Button
                  size="compact-sm"
                  variant="default"
                  loading={change.isPending}
                  onClick={() => change.mutate({ tenant: tenant.id, unset: [id] })}
                >
                  Take back
                </Button>
              ),
            },
          ]}
        />
      )}
    </Panel>
  )
}

function rowsOf(overrides: Tenant['overrides']): readonly OverrideRow[] {
  if (overrides === null) return []
  const { limits, quotas, features, keysMax, prices = {}, spendCap } = overrides
  return [
    ...Object.entries(limits).map(([id, amount]) => ({ what: 'Limit', id, value: amountText(amount) })),
    ...Object.entries(quotas).map(([id, value]) => ({ what: 'Quota', id, value })),
    ...features.map((id) => ({ what: 'Feature', id, value: 'yes' })),
    ...Object.entries(prices).map(([id, price]) => ({ what: 'Price', id, value: JSON.stringify(price) })),
    ...(keysMax === undefined ? [] : [{ what: 'Keys', id: 'keys', value: amountText(keysMax) }]),
    ...(spendCap === undefined ? [] : [{ what: 'Spend cap', id: 'spend-cap', value: spendCap }]),
  ]
}

interface OverrideRow {
  readonly what: string
  readonly id: string
  readonly value: string
}

function amountText(amount: number | null): string {
  return amount === null ? 'unlimited' : String(amount)
}

function Override({ tenant }: { readonly tenant: string }) {
  const [isOpen, setOpen] = useState(false)
  const change = useChange('overrideTenant', TOUCHED)
  const submit = (fields: FormData) =>
    change.mutate(requestOf(tenant, fields), { onSuccess: () => setOpen(false) })
  return (
    <>
      <Button size="xs" variant="default" onClick={() => setOpen(true)}>
        Override
      </Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="Beside its plan">
        <TextForm action="Set" change={change} onSubmit={submit} title="Nothing was set">
          <Text c="dimmed">What is left empty stays as it is.</Text>
          <TextInput name="limit" label="Limit" placeholder="tenant-day=5000" />
          <TextInput name="quota" label="Quota" placeholder="calls-month=100000" />
          <TextInput name="feature" label="Feature" placeholder="ai" />
          <TextInput name="price" label="Price" placeholder='calls={ model: per_unit, unit: "0.004" }' />
          <TextInput name="keys" label="Keys it may hold" placeholder="10 or unlimited" />
          <TextInput name="spend_cap" label="Spend cap" placeholder="250.00" />
        </TextForm>
      </Modal>
    </>
  )
}

/** A form as a request: what is empty is not named. */
function requestOf(tenant: string, fields: FormData): InputOf<'overrideTenant'> {
  const [limit, quota, feature, price, keys, cap] = [
    ...['limit', 'quota', 'feature', 'price', 'keys', 'spend_cap'],
  ].map((name) => fieldOf(fields, name))
  return {
    tenant,
    ...(limit !== undefined && { limits: [limit] }),
    ...(quota !== undefined && { quotas: [quota] }),
    ...(feature !== undefined && { features: [feature] }),
    ...(price !== undefined && { prices: [price] }),
    ...(keys !== undefined && { keys }),
    ...(cap !== undefined && { spend_cap: cap }),
  }
}
