import { TextInput } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useNavigate } from 'react-router'
import type { ItemOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { Page } from '../shared/page.tsx'
import { Paged, usePages } from '../shared/pager.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'
import { NewTenant } from './new-tenant.tsx'
import { TenantState } from './tenant-state.tsx'

type Tenant = ItemOf<'listTenants'>

/** All customers, the oldest first. */
export function TenantsPage() {
  const pages = usePages(1000)
  const [sought, setSought] = useState('')
  const tenants = useAsk('listTenants', pages.asked)
  return (
    <Page title="Tenants" about="Your customers, the oldest first." actions={<NewTenant />}>
      <Panel
        isFlush
        title="All tenants"
        actions={
          <TextInput
            size="xs"
            aria-label="Find a tenant"
            placeholder="Name, id or plan"
            value={sought}
            onChange={({ currentTarget }) => setSought(currentTarget.value)}
          />
        }
      >
        <Paged
          query={tenants}
          pages={pages}
          rows={8}
          empty={<Empty title="No tenants yet">Make the first one here, or let customers sign up.</Empty>}
        >
          {(data) => <Tenants rows={data} sought={sought} />}
        </Paged>
      </Panel>
    </Page>
  )
}

function Tenants({ rows, sought }: { readonly rows: readonly Tenant[]; readonly sought: string }) {
  const navigate = useNavigate()
  const found = useMemo(() => {
    const text = sought.trim().toLowerCase()
    return rows.filter((row) =>
      [row.id, row.name, row.external_id, row.plan, row.state].some((each) =>
        each?.toLowerCase().includes(text),
      ),
    )
  }, [rows, sought])
  if (found.length === 0) return <Empty title="No such tenant">Nothing on this page of the list fits.</Empty>
  return (
    <DataTable
      caption="Tenants"
      rows={found}
      keyOf={({ id }) => id}
      onOpen={({ id }) => void navigate(`/tenants/${encodeURIComponent(id)}`)}
      columns={[
        { title: 'Name', cell: ({ id, name }) => <TenantLink id={id} name={name} /> },
        { title: 'Id', cell: ({ id }) => id },
        { title: 'State', cell: ({ state }) => <TenantState state={state} /> },
        { title: 'Plan', cell: ({ plan }) => plan ?? 'none' },
        {
          title: 'To come',
          cell: ({ next_plan, next_plan_at, plan_until }) =>
            next_plan !== null ? (
              <>
                {next_plan}, <When at={next_plan_at} style="day" />
              </>
            ) : plan_until !== null ? (
              <>
                ends <When at={plan_until} style="day" />
              </>
            ) : (
              '–'
            ),
        },
        { title: 'Since', cell: ({ created_at }) => <When at={created_at} style="day" /> },
      ]}
    />
  )
}
