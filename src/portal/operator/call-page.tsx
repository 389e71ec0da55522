import { Alert, Code, Text } from '@mantine/core'
import { useParams } from 'react-router'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { DataTable } from '../shared/data-table.tsx'
import { FactList } from '../shared/fact-list.tsx'
import { bytes, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { Status } from '../shared/status.tsx'
import { When } from '../shared/when.tsx'
import { TenantLink } from './call-rows.tsx'

type Why = AnswerOf<'why'>

const VERDICTS = {
  billed: { title: 'This call was billed', color: 'green' },
  not_billed: { title: 'This call was not billed', color: 'gray' },
  refused: { title: 'This call was refused', color: 'orange' },
} as const

/** Why one call was answered and billed as it was. */
export function CallPage() {
  const { id = '' } = useParams()
  const call = useAsk('why', { id })
  return (
    <Page title="Why" about={<Code>{id}</Code>}>
      <Shown query={call}>
        {(why) => (
          <>
            <Verdict why={why} />
            <Panel title="The call">
              <FactList facts={factsOf(why.call)} />
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
          </>
        )}
      </Shown>
    </Page>
  )
}

function Verdict({ why }: { readonly why: Why }) {
  return (
    <Alert {...VERDICTS[why.verdict]}>
      <Text>{why.because}</Text>
      {why.rule !== null && (
        <Text>
          Decided by {why.rule.kind} {why.rule.id}
          {why.rule.plan === null ? '' : ` of plan ${why.rule.plan}`}.
        </Text>
      )}
      {why.frees_at !== null && (
        <Text>
          A call like it passes from <When at={why.frees_at} style="exact" /> on.
        </Text>
      )}
      {why.plans_that_pass.length > 0 && (
        <Text>It would have passed on: {why.plans_that_pass.join(', ')}.</Text>
      )}
    </Alert>
  )
}

function factsOf(call: Why['call']) {
  return [
    ['When', <When key="at" at={call.timestamp} style="exact" />],
    [
      'Call',
      <Code key="call">
        {call.method} {call.endpoint}
      </Code>,
    ],
    ['Status', <Status key="status" code={call.status_code} />],
    ['Refusal', call.refusal || '–'],
    ['Tenant', <TenantLink key="tenant" id={call.tenant_id} />],
    ['Key', call.key_id || '–'],
    ['Route', call.route_id || '–'],
    ['Plan', call.plan_id === '' ? '–' : `${call.plan_id}, version ${call.plan_version}`],
    ['Units', quantity(call.usage_units)],
    ['Took', `${quantity(call.response_time_ms)} ms`],
    ['Received', bytes(call.bytes_received)],
    ['Sent', bytes(call.bytes_sent)],
    ['From', call.client_ip || '–'],
    ['Outcome', call.outcome],
    ['Request id', <Code key="request">{call.request_id}</Code>],
    ['Written by', `${call.node_id}, run ${call.epoch}, place ${call.seq}`],
  ] as const
}
