import { Anchor, Stack, Text } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { Panel } from '../shared/panel.tsx'
import { Shown } from '../shared/states.tsx'
import { Verdict } from './verdict.tsx'

const LIVE_MS = 60_000
const SHOWN_MAX = 3

/** Whether everything gatez needs is well, and what is not. */
export function HealthPanel() {
  const health = useAsk('health', {}, { everyMs: LIVE_MS })
  return (
    <Panel
      title="Health"
      actions={
        <Anchor component={Link} to="/health" size="sm">
          All checks
        </Anchor>
      }
    >
      <Shown query={health} rows={2}>
        {({ findings }) => {
          const wrong = findings.filter(({ verdict }) => verdict !== 'ok')
          if (wrong.length === 0) return <Text>All {findings.length} checks are well.</Text>
          return (
            <Stack gap="xs">
              {wrong.slice(0, SHOWN_MAX).map(({ check, verdict, detail }) => (
                <Text key={check} size="sm" component="div">
                  <Verdict verdict={verdict} /> {check}: {detail}
                </Text>
              ))}
              {wrong.length > SHOWN_MAX && <Text size="sm">and {wrong.length - SHOWN_MAX} more</Text>}
            </Stack>
          )
        }}
      </Shown>
    </Panel>
  )
}
