import { Anchor, Badge, Code, Group, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { money, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Empty, Shown } from '../shared/states.tsx'

/** The APIs of the plan, route by route, with what a call costs at this moment. */
export function ApisPage() {
  const apis = useAsk('myApis', {})
  return (
    <Page title="APIs" about="What your plan lets you call, and what one call costs you now.">
      <Shown query={apis}>
        {({ data, currency, meters }) =>
          data.length === 0 ? (
            <Panel>
              <Empty
                title="Your plan opens no API"
                action={
                  <Anchor component={Link} to="/plan">
                    Compare plans
                  </Anchor>
                }
              >
                Choose a plan that does.
              </Empty>
            </Panel>
          ) : (
            <>
              {data.map((api) => (
                <Panel
                  key={api.id}
                  title={api.id}
                  isFlush
                  actions={
                    <Anchor component={Link} to={`/reference/${api.id}`}>
                      Reference and try-it
                    </Anchor>
                  }
                >
                  <RouteTable routes={api.routes} currency={currency} />
                </Panel>
              ))}
              {meters.map(({ meter, price_now }) => (
                <Text key={meter} c="dimmed">
                  One more unit of <Code>{meter}</Code> costs you{' '}
                  {price_now === null ? 'what its price says' : money(price_now, currency)} now, beside the
                  call.
                </Text>
              ))}
            </>
          )
        }
      </Shown>
    </Page>
  )
}

interface Route {
  readonly id: string
  readonly methods: readonly string[]
  readonly path: string
  readonly cost: number
  readonly auth: string
  readonly price_now: string | null
}

function RouteTable({ routes, currency }: { readonly routes: readonly Route[]; readonly currency: string }) {
  return (
    <DataTable
      caption="Routes"
      rows={routes}
      keyOf={({ id }) => id}
      columns={[
        {
          title: 'Call',
          cell: ({ methods, path }) => (
            <Group gap={6} wrap="nowrap">
              <Badge color="gray">{methods.length === 0 ? 'ANY' : methods.join(' ')}</Badge>
              <Code>{path}</Code>
            </Group>
          ),
        },
        { title: 'Route', cell: ({ id }) => id },
        { title: 'Units', isFigure: true, cell: ({ cost }) => quantity(cost) },
        {
          title: 'Costs you now',
          isFigure: true,
          cell: ({ price_now, auth }) =>
            auth === 'none'
              ? 'open to all'
              : price_now === null || price_now === '0'
                ? 'included'
                : money(price_now, currency),
        },
      ]}
    />
  )
}
