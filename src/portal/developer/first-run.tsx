import { Anchor, List, Text, ThemeIcon } from '@mantine/core'
import { Link } from 'react-router'
import { useAsk } from '../shared/ask.ts'
import { Icon } from '../shared/icons.tsx'
import { Panel } from '../shared/panel.tsx'

const LIVE_MS = 5_000

/** The way from here to the first answer, as long as there was none: it goes away by itself. */
export function FirstRun() {
  const account = useAsk('myAccount', {})
  const keys = useAsk('myKeys', {}, { everyMs: LIVE_MS })
  const use = useAsk('myKeyUse', { limit: '1000' }, { everyMs: LIVE_MS })
  if (account.data === undefined || keys.data === undefined || use.data === undefined) return null
  const hasCalled = use.data.data.some(({ billable }) => billable > 0)
  if (hasCalled) return null
  const held = keys.data.data.filter(({ state }) => !['rejected', 'revoked', 'expired'].includes(state))
  const steps = [
    {
      isDone: account.data.plan !== null,
      text: (
        <>
          <Anchor component={Link} to="/plan">
            Choose a plan
          </Anchor>
          : it says what you may call, and what that costs.
        </>
      ),
    },
    {
      isDone: held.length > 0,
      text: (
        <>
          <Anchor component={Link} to="/keys">
            Ask for a key
          </Anchor>
          {account.data.plan?.keys.approval === 'manual' && ': it is granted by hand on your plan.'}
          {account.data.plan?.keys.approval === 'auto' && ': yours is granted at once.'}
        </>
      ),
    },
    {
      isDone: held.some(({ state }) => state === 'active'),
      text: (
        <>
          <Anchor component={Link} to="/keys">
            Reveal its secret
          </Anchor>{' '}
          and keep it: it is shown once.
        </>
      ),
    },
    {
      isDone: false,
      text: (
        <>
          <Anchor component={Link} to="/reference">
            Try a call
          </Anchor>{' '}
          here in the portal, or send one from your program.
        </>
      ),
    },
  ]
  return (
    <Panel title="Your first answer in four steps">
      <List spacing="xs" center>
        {steps.map(({ isDone, text }, index) => (
          <List.Item key={String(index)} icon={<StepMark isDone={isDone} number={index + 1} />}>
            <Text component="span" {...(isDone && { c: 'dimmed' })}>
              {text}
              {isDone && <span className="gatez-unseen"> (done)</span>}
            </Text>
          </List.Item>
        ))}
      </List>
    </Panel>
  )
}

function StepMark({ isDone, number }: { readonly isDone: boolean; readonly number: number }) {
  return (
    <ThemeIcon size={24} radius="xl" variant={isDone ? 'light' : 'default'} aria-hidden="true">
      {isDone ? <Icon name="check" size={14} /> : number}
    </ThemeIcon>
  )
}
