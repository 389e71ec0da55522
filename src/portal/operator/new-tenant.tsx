import { Button, Modal, NativeSelect, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useAsk, useChange } from '../shared/ask.ts'
import { fieldOf, TextForm } from '../shared/text-form.tsx'

/** Makes a tenant, and leads to its page. */
export function NewTenant() {
  const [isOpen, setOpen] = useState(false)
  const plans = useAsk('listPlans', {}, { isWanted: isOpen })
  const change = useChange('createTenant', ['listTenants', 'listPlans'])
  const navigate = useNavigate()
  const submit = (fields: FormData) => {
    const [id, name, plan] = ['id', 'name', 'plan'].map((field) => fieldOf(fields, field))
    change.mutate(
      { id: id ?? '', ...(name !== undefined && { name }), ...(plan !== undefined && { plan }) },
      { onSuccess: (tenant) => void navigate(`/tenants/${tenant.id}`) },
    )
  }
  const choices = (plans.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }))
  return (
    <>
      <Button onClick={() => setOpen(true)}>New tenant</Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title="New tenant">
        <TextForm action="Make it" change={change} onSubmit={submit} title="It was not made">
          <TextInput
            name="id"
            label="Id"
            description="For ever: a to z, 0 to 9, _ and -."
            required
            data-autofocus
          />
          <TextInput name="name" label="Name" description="What invoices say; the id if empty." />
          <NativeSelect name="plan" label="Plan" data={[{ value: '', label: 'None yet' }, ...choices]} />
        </TextForm>
      </Modal>
    </>
  )
}
