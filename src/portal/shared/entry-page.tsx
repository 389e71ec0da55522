import { Card, Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { readBrand } from './brand.ts'
import { BrandMark } from './layout.tsx'

/** A page for who is not in yet: one card in the middle. */
export function EntryPage({ title, about, children, below, basename = '/portal' }: EntryPageProps) {
  useEffect(() => {
    document.title = `${title} · ${readBrand(document).name}`
  }, [title])
  return (
    <main className="gatez-entry">
      <Stack gap="md">
        <BrandMark basename={basename} />
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
  /** Where the portal is served: its logo lies there. */
  readonly basename?: string
}
