import { Card, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { readBrand } from '../shared/brand.ts'
import { BrandMark } from '../shared/layout.tsx'

/** A page for who is not in yet: one card in the middle. */
export function EntryPage({ title, about, children, below }: EntryPageProps) {
  useEffect(() => {
    document.title = `${title} · ${readBrand(document).name}`
  }, [title])
  return (
    <main className="gatez-entry">
      <Stack gap="md">
        <BrandMark basename="/portal" />
        <Card padding="lg">
          <Stack gap="md">
            <Stack gap={2}>
              <Title order={1}>{title}</Title>
              {about !== undefined && <Text c="dimmed">{about}</Text>}
            </Stack>
            {children}
          </Stack>
        </Card>
        {below}
      </Stack>
    </main>
  )
}

export interface EntryPageProps {
  readonly title: string
  readonly about?: ReactNode
  readonly children: ReactNode
  readonly below?: ReactNode
}
