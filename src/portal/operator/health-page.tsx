import { Badge, Code, Text } from '@mantine/core'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { FactList } from '../shared/fact-list.tsx'
import { quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'
import { Verdict } from './verdict.tsx'

/** Everything gatez needs, its stores, and what was decided while the counters were out of reach. */
export function HealthPage() {
  return (
    <Page
      title="Health"
      about="The same look that gatez doctor takes, and what to do about what is not well."
    >
      <Findings />
      <Nodes />
      <Degraded />
      <Store />
    </Page>
  )
}

function Findings() {
  const health = useAsk('health', {}, { everyMs: 30_000 })
  return (
    <Panel title="Checks" isFlush>
      <Shown query={health} rows={8}>
        {({ findings }) => (
          <DataTable
            caption="Checks"
            rows={findings}
            keyOf={({ check }, index) => `${check} ${index}`}
            columns={[
              { title: 'Check', cell: ({ check }) => check },
              { title: 'How it is', cell: ({ verdict }) => <Verdict verdict={verdict} /> },
              { title: 'Found', cell: ({ detail }) => <Text maw={420}>{detail}</Text> },
              { title: 'What to do', cell: ({ fix }) => <Text maw={320}>{fix ?? '–'}</Text> },
            ]}
          />
        )}
      </Shown>
    </Panel>
  )
}

function Nodes() {
  const nodes = useAsk('listNodes', {}, { everyMs: 10_000 })
  return (
    <Panel title="Nodes" isFlush>
      <Shown query={nodes} rows={2}>
        {({ nodes: rows }) =>
          rows.length === 0 ? (
            <Empty title="None yet">A node is here once gatez serve ran on these stores.</Empty>
          ) : (
            <DataTable
              caption="Nodes"
              rows={rows}
              keyOf={({ node_id }) => node_id}
              columns={[
                { title: 'Node', cell: ({ node_id }) => <Code>{node_id}</Code> },
                {
                  title: 'State',
                  cell: ({ state }) => <Badge color={NODE_COLORS[state]}>{state}</Badge>,
                },
                { title: 'Started', cell: ({ started_at }) => <When at={started_at} style="exact" /> },
                {
                  title: 'In the ledger up to',
                  cell: ({ shipped_at }) => <When at={shipped_at} style="exact" />,
                },
                { title: 'Ended', cell: ({ stopped_at }) => <When at={stopped_at} style="exact" /> },
                { title: 'Starts', isFigure: true, cell: ({ starts }) => quantity(starts) },
              ]}
            />
          )
        }
      </Shown>
    </Panel>
  )
}

/** The word says it; the colour only helps. */
const NODE_COLORS = { running: 'green', stopped: 'gray', silent: 'red' } as const

function Degraded() {
  const degraded = useAsk('listDegraded', { limit: '50' }, { everyMs: 10_000 })
  return (
    <Panel title="Degraded decisions" isFlush>
      <Shown query={degraded}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="None">The shared counters answered every call so far.</Empty>
          ) : (
            <DataTable
              caption="Decided while the shared counters were out of reach"
              rows={rows}
              keyOf={(_, index) => index}
              columns={[
                { title: 'From', cell: ({ from }) => <When at={from} style="exact" /> },
                { title: 'To', cell: ({ to }) => <When at={to} style="exact" /> },
                { title: 'Tenant', cell: ({ tenant_id }) => <TenantLink id={tenant_id} /> },
                { title: 'By the rule', cell: ({ mode }) => <Badge color="gray">{mode}</Badge> },
                { title: 'Let through', isFigure: true, cell: ({ admitted }) => quantity(admitted) },
                { title: 'Refused', isFigure: true, cell: ({ refused }) => quantity(refused) },
                { title: 'Node', cell: ({ node_id }) => node_id },
              ]}
            />
          )
        }
      </Shown>
    </Panel>
  )
}

function Store() {
  const schema = useAsk('storeSchema', {})
  const settings = useAsk('settings', {})
  return (
    <Panel title="Control store">
      <Shown query={schema} rows={2}>
        {({ driver, place, schema: version, pending }) => (
          <FactList
            facts={[
              ['Version of gatez', settings.data?.version ?? '–'],
              ['Store', driver],
              ['Where', place],
              ['Schema', String(version)],
              ['To come', pending.length === 0 ? 'nothing' : pending.join(', ')],
            ]}
          />
        )}
      </Shown>
    </Panel>
  )
}
