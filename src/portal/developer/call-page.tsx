import { Alert, Code, Stack, Text } from '@mantine/core'
import { useParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { FactList } from '../shared/fact-list.tsx'
import { bytes, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { Status } from '../shared/status.tsx'
import { When } from '../shared/when.tsx'

const VERDICTS = {
  billed: { title: 'This call was billed', color: 'green' },
  not_billed: { title: 'This call was not billed', color: 'gray' },
  refused: { title: 'This call was refused', color: 'orange' },
} as const

/** Why one call was answered and billed as it was. */
export function CallPage() {
  const { id = '' } = useParams()
  const call = useAsk('myCall', { id })
  return (
    <Page title="Why" about={<Code>{id}</Code>}>
      <Shown query={call}>
        {(why) => (
          <Stack>
            <Alert {...VERDICTS[why.verdict]}>
              <Text>{why.because}</Text>
              {why.frees_at !== null && (
                <Text>
                  A call like it passes from <When at={why.frees_at} style="exact" /> on.
                </Text>
              )}
              {why.plans_that_pass.length > 0 && (
                <Text>It would have passed on: {why.plans_that_pass.join(', ')}.</Text>
              )}
            </Alert>
            <Panel title="The call">
              <FactList
                facts={[
                  ['When', <When key="at" at={why.call.timestamp} style="exact" />],
                  [
                    'Call',
                    <Code key="call">
                      {why.call.method} {why.call.endpoint}
                    </Code>,
                  ],
                  ['Status', <Status key="status" code={why.call.status_code} />],
                  ['Route', why.call.route_id || '–'],
                  ['Key', why.call.key_id || '–'],
                  ['Plan', `${why.call.plan_id}, version ${why.call.plan_version}`],
                  ['Units', quantity(why.call.usage_units)],
                  ['Took', `${quantity(why.call.response_time_ms)} ms`],
                  ['Received', bytes(why.call.bytes_received)],
                  ['Sent', bytes(why.call.bytes_sent)],
                  ['Request id', <Code key="id">{why.call.request_id}</Code>],
                ]}
              />
            </Panel>
            {why.limits.length > 0 && (
              <Panel title="Limits just before it" isFlush>
                <DataTable
                  caption="Limits"
                  rows={why.limits}
                  keyOf={({ id: limit }) => limit}
                  columns={[
                    { title: 'Limit', cell: ({ id: limit }) => limit },
                    { title: 'Used', isFigure: true, cell: ({ used_before }) => quantity(used_before) },
                    { title: 'Of', isFigure: true, cell: ({ limit }) => quantity(limit) },
                    { title: 'Had room', cell: ({ had_room }) => (had_room ? 'yes' : 'no') },
                  ]}
                />
              </Panel>
            )}
          </Stack>
        )}
      </Shown>
    </Page>
  )
}
