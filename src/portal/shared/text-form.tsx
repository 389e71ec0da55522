import { Button, Stack } from '@mantine/core'
import type { FormEvent, ReactNode } from 'react'
import { Failed } from './states.tsx'

/** A form with one thing to do; what it was refused for stands above the button. */
export function TextForm({ action, onSubmit, change, children, title }: TextFormProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    onSubmit(new FormData(event.currentTarget))
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {children}
        {change.error !== null && <Failed error={change.error} title={title ?? 'It was not done'} />}
        <Button type="submit" loading={change.isPending}>
          {action}
        </Button>
      </Stack>
    </form>
  )
}

export interface TextFormProps {
  /** What the button says. */
  readonly action: string
  readonly onSubmit: (fields: FormData) => void
  readonly change: { readonly error: unknown; readonly isPending: boolean }
  readonly children: ReactNode
  /** What stands above an error. */
  readonly title?: string
}

/** The text in a field of a form, trimmed; undefined where nothing stands. */
export function fieldOf(fields: FormData, name: string): string | undefined {
  const value = fields.get(name)
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' ? undefined : text
}
