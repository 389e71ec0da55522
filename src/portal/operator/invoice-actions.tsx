import { Button, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { AnswerOf } from '../../control/client.ts'
import { useChange } from '../shared/ask.ts'
import { Confirm } from '../shared/confirm.tsx'
import { money } from '../shared/figures.ts'
import { INVOICED } from './run-invoices.tsx'

type Invoice = AnswerOf<'showInvoice'>

/** What can be done with an invoice in the state it is in. */
export function InvoiceActions({ invoice }: { readonly invoice: Invoice }) {
  const [asked, setAsked] = useState<'send' | 'pay' | 'credit' | 'void'>()
  const { state } = invoice
  const close = () => setAsked(undefined)
  const isSent = state === 'open' || state === 'overdue'
  const parts = { invoice, onClose: close }
  return (
    <>
      {(state === 'draft' || isSent) && (
        <Button onClick={() => setAsked('send')} variant={state === 'draft' ? 'filled' : 'default'}>
          {state === 'draft' ? 'Send' : 'Send again'}
        </Button>
      )}
      {isSent && (
        <Button variant="default" onClick={() => setAsked('pay')}>
          Paid
        </Button>
      )}
      {(isSent || state === 'paid') && (
        <Button variant="default" onClick={() => setAsked('credit')}>
          Credit
        </Button>
      )}
      {(state === 'draft' || isSent) && (
        <Button variant="default" onClick={() => setAsked('void')}>
          Void
        </Button>
      )}
      {asked === 'send' && <Send {...parts} />}
      {asked === 'pay' && <Pay {...parts} />}
      {asked === 'credit' && <Credit {...parts} />}
      {asked === 'void' && <Void {...parts} />}
    </>
  )
}

interface DialogProps {
  readonly invoice: Invoice
  readonly onClose: () => void
}

function Send({ invoice, onClose }: DialogProps) {
  const change = useChange('sendInvoice', INVOICED)
  const isDraft = invoice.state === 'draft'
  return (
    <Confirm
      isOpen
      title={isDraft ? 'Send this draft?' : `Send ${invoice.number} again?`}
      action="Send"
      onClose={onClose}
      onConfirm={() => change.mutate({ invoice: invoice.id }, { onSuccess: onClose })}
      change={change}
      isHarmless
    >
      {isDraft
        ? `It gets its number and goes to ${invoice.tenant_name}. From then on it never changes.`
        : `The same message goes to ${invoice.tenant_name} once more.`}
    </Confirm>
  )
}

function Pay({ invoice, onClose }: DialogProps) {
  const change = useChange('payInvoice', INVOICED)
  const [amount, setAmount] = useState(invoice.due)
  const [reference, setReference] = useState('')
  const pay = () =>
    change.mutate(
      {
        ...{ invoice: invoice.id, amount: amount.trim() },
        ...(reference.trim() !== '' && { reference: reference.trim() }),
      },
      { onSuccess: onClose },
    )
  return (
    <Confirm
      isOpen
      title={`Payment of ${invoice.number}`}
      action="Write it down"
      onClose={onClose}
      onConfirm={pay}
      change={change}
      isHarmless
    >
      <Stack gap="sm">
        <Text>{money(invoice.due, invoice.currency)} are due.</Text>
        <TextInput
          label={`Amount in ${invoice.currency}`}
          value={amount}
          onChange={({ currentTarget }) => setAmount(currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="Reference"
          description="What the bank calls it: the same one twice counts once."
          value={reference}
          onChange={({ currentTarget }) => setReference(currentTarget.value)}
        />
      </Stack>
    </Confirm>
  )
}

function Credit({ invoice, onClose }: DialogProps) {
  const change = useChange('creditInvoice', INVOICED)
  const [amount, setAmount] = useState('')
  const [reason, setReason] = useState('')
  const credit = () =>
    change.mutate(
      {
        ...{ invoice: invoice.id, reason: reason.trim() },
        ...(amount.trim() !== '' && { amount: amount.trim() }),
      },
      { onSuccess: onClose },
    )
  return (
    <Confirm
      isOpen
      title={`Credit note on ${invoice.number}`}
      action="Write the credit note"
      onClose={onClose}
      onConfirm={credit}
      change={change}
    >
      <Stack gap="sm">
        <TextInput
          label={`Amount in ${invoice.currency}`}
          description="All of it if empty."
          value={amount}
          onChange={({ currentTarget }) => setAmount(currentTarget.value)}
          data-autofocus
        />
        <Reason reason={reason} onReason={setReason} />
      </Stack>
    </Confirm>
  )
}

function Void({ invoice, onClose }: DialogProps) {
  const change = useChange('voidInvoice', INVOICED)
  const [reason, setReason] = useState('')
  return (
    <Confirm
      isOpen
      title={invoice.number === null ? 'Take this draft back?' : `Take ${invoice.number} back?`}
      action="Void it"
      onClose={onClose}
      onConfirm={() => change.mutate({ invoice: invoice.id, reason: reason.trim() }, { onSuccess: onClose })}
      change={change}
    >
      <Stack gap="sm">
        <Text>Its number stays taken. This cannot be taken back.</Text>
        <Reason reason={reason} onReason={setReason} />
      </Stack>
    </Confirm>
  )
}

interface ReasonProps {
  readonly reason: string
  readonly onReason: (reason: string) => void
}

function Reason({ reason, onReason }: ReasonProps) {
  return (
    <TextInput
      label="Reason"
      description="For the customer and the audit log."
      value={reason}
      onChange={({ currentTarget }) => onReason(currentTarget.value)}
      required
    />
  )
}
