import { Code, Stack } from '@mantine/core'
import { useParams } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { FactList } from '../shared/fact-list.tsx'
import { bytes, quantity } from '../shared/figures.ts'
import { Page } from '../shared/page.tsx'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { Status } from '../shared/status.tsx'
import { When } from '../shared/when.tsx'
import { CallVerdict, LimitsBefore } from '../shared/why-call.tsx'

/** Why one call was answered and billed as it was. */
export function CallPage() {
  const { id = '' } = useParams()
  const call = useAsk('myCall', { id })
  return (
    <Page title="Why" about={<Code>{id}</Code>}>
      <Shown query={call}>
        {(why) => (
          <Stack>
            <CallVerdict why={why} />
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
            <LimitsBefore limits={why.limits} />
          </Stack>
        )}
      </Shown>
    </Page>
  )
}
