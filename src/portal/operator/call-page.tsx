import { Code, Text } from '@mantine/core'
import { useParams } from 'react-router'
import type { AnswerOf } from '../../control/client.ts'
import { useAsk } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { bytes, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { Status } from '../shared/status.tsx'
import { When } from '../shared/when.tsx'
import { CallVerdict, LimitsBefore } from '../shared/why-call.tsx'
import { TenantLink } from './call-rows.tsx'

type Why = AnswerOf<'why'>

/** Why one call was answered and billed as it was. */
export function CallPage() {
  const { id = '' } = useParams()
  const call = useAsk('why', { id })
  return (
    <Page title="Why" about={<Code>{id}</Code>}>
      <Shown query={call}>
        {(why) => (
          <>
            <CallVerdict why={why}>
              {why.rule !== null && (
                <Text>
                  Decided by {why.rule.kind} {why.rule.id}
                  {why.rule.plan === null ? '' : ` of plan ${why.rule.plan}`}.
                </Text>
              )}
            </CallVerdict>
            <Panel title="The call">
              <FactList facts={factsOf(why.call)} />
            </Panel>
            <LimitsBefore limits={why.limits} />
          </>
        )}
      </Shown>
    </Page>
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
