import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useAsk, useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import { Failed } from '../shared/states.tsx'

/** Whether the file that the gateway read says what is in force, and the way to put it in force. */
export function PlansOfFile() {
  const found = useAsk('applyPlans', { dry_run: true })
  const [isAsking, setAsking] = useState(false)
  const change = useChange('applyPlans', ['applyPlans', 'listPlans', 'listAudit', 'revenue'])
  const { data, error } = found
  if (error !== null) return <Failed error={error} title="The file cannot be put in force" />
  if (data === undefined || !data.changed) return null
  const changes = data.plans.filter((plan) => plan.change !== 'unchanged')
  return (
    <Alert color="blue" title="The file says something else">
      <Stack gap="sm" align="flex-start">
        {changes.map(({ plan, change: how, fields }) => (
          <Group key={plan} gap="xs">
            <Badge>{how}</Badge>
            <Text>
              {plan}
              {fields.length === 0 ? '' : `: ${fields.join(', ')}`}
            </Text>
          </Group>
        ))}
        <Button size="xs" onClick={() => setAsking(true)}>
          Put the file in force
        </Button>
      </Stack>
      {isAsking && (
        <Confirm
          isOpen
          title="Put the plans of the file in force?"
          action="Put in force"
          onClose={() => setAsking(false)}
          onConfirm={() => change.mutate({}, { onSuccess: () => setAsking(false) })}
          change={change}
          isHarmless
        >
          Tenants keep the prices of the version they are on until they are moved; limits hold within a
          second.
        </Confirm>
      )}
    </Alert>
  )
}
