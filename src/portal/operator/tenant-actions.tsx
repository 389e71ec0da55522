import { Button, NativeSelect, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { AnswerOf, OperationId } from '../../control/client.ts'
import { useAsk, useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import { Shown } from '../shared/states.tsx'
import { PlanChangeFigures } from './plan-change-figures.tsx'
import { SeeAsTenant } from './see-as-tenant.tsx'

type Tenant = AnswerOf<'showTenant'>

const TOUCHED: readonly OperationId[] = [
  'showTenant',
  'listTenants',
  'listAudit',
  'revenue',
  'listQuotas',
  'limitsNow',
]

/** What can be done with a tenant in the state it is in. */
export function TenantActions({ tenant }: { readonly tenant: Tenant }) {
  const [asked, setAsked] = useState<'suspend' | 'resume' | 'plan' | 'see'>()
  const close = () => setAsked(undefined)
  if (tenant.state === 'deleted') return null
  return (
    <>
      <Button variant="default" onClick={() => setAsked('see')}>
        See as customer
      </Button>
      <Button variant="default" onClick={() => setAsked('plan')}>
        Change plan
      </Button>
      {tenant.state === 'suspended' ? (
        <Button variant="default" onClick={() => setAsked('resume')}>
          Resume
        </Button>
      ) : (
        <Button variant="default" onClick={() => setAsked('suspend')}>
          Suspend
        </Button>
      )}
      {asked === 'suspend' && <Suspend tenant={tenant} onClose={close} />}
      {asked === 'resume' && <Resume tenant={tenant} onClose={close} />}
      {asked === 'see' && <SeeAsTenant tenant={tenant} onClose={close} />}
      {asked === 'plan' && <ChangePlan tenant={tenant} onClose={close} />}
    </>
  )
}

interface DialogProps {
  readonly tenant: Tenant
  readonly onClose: () => void
}

function Suspend({ tenant, onClose }: DialogProps) {
  const change = useChange('suspendTenant', TOUCHED)
  const [reason, setReason] = useState('')
  const text = reason.trim()
  return (
    <Confirm
      isOpen
      title={`Suspend ${tenant.name}?`}
      action="Suspend"
      onClose={onClose}
      onConfirm={() =>
        change.mutate({ tenant: tenant.id, ...(text !== '' && { reason: text }) }, { onSuccess: onClose })
      }
      change={change}
    >
      <Stack gap="sm">
        <Text>
          Within a second all its calls are refused. Its keys stay, and work again when it is resumed.
        </Text>
        <TextInput
          label="Reason"
          description="For the audit log."
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          data-autofocus
        />
      </Stack>
    </Confirm>
  )
}

function Resume({ tenant, onClose }: DialogProps) {
  const change = useChange('resumeTenant', TOUCHED)
  return (
    <Confirm
      isOpen
      title={`Resume ${tenant.name}?`}
      action="Resume"
      onClose={onClose}
      onConfirm={() => change.mutate({ tenant: tenant.id }, { onSuccess: onClose })}
      change={change}
      isHarmless
    >
      Its keys work again within a second.
    </Confirm>
  )
}

function ChangePlan({ tenant, onClose }: DialogProps) {
  const plans = useAsk('listPlans', {})
  const [plan, setPlan] = useState('')
  const [at, setAt] = useState<'now' | 'period-end'>('now')
  const change = useChange('changePlan', TOUCHED)
  const move = () => {
    if (plan !== '') change.mutate({ tenant: tenant.id, plan, at }, { onSuccess: onClose })
  }
  return (
    <Confirm
      isOpen
      title={`Another plan for ${tenant.name}`}
      action={plan === '' ? 'Choose a plan' : `Move to ${plan}`}
      onClose={onClose}
      onConfirm={move}
      change={change}
      isHarmless
    >
      <Shown query={plans} rows={2}>
        {({ data }) => (
          <Stack gap="sm">
            <NativeSelect
              label="Plan"
              value={plan}
              onChange={({ currentTarget }) => setPlan(currentTarget.value)}
              data={[
                { value: '', label: `Stay on ${tenant.plan ?? 'none'}` },
                ...data
                  .filter(({ id }) => id !== tenant.plan)
                  .map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
            <NativeSelect
              label="When"
              value={at}
              onChange={({ currentTarget }) => setAt(currentTarget.value === 'now' ? 'now' : 'period-end')}
              data={[
                { value: 'now', label: 'Now' },
                { value: 'period-end', label: 'When this period ends' },
              ]}
            />
            {plan !== '' && <PlanChangeFigures tenant={tenant.id} plan={plan} at={at} />}
          </Stack>
        )}
      </Shown>
    </Confirm>
  )
}
