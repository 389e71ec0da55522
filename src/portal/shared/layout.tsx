import {
  ActionIcon,
  AppShell,
  Burger,
  Group,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'react-router'
import { readBrand } from './brand.ts'
import { Icon, type IconName } from './icons.tsx'

/** What stands around every page: the brand, the way to all pages, who is in. The page itself goes inside. */
export function Layout({ basename, links, account, banner, children }: LayoutProps) {
  const [isOpen, { toggle, close }] = useDisclosure(false)
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <a className="gatez-skip" href="#main">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <BrandMark basename={basename} />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <SchemeSwitch />
            {account}
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        <ScrollArea type="auto">
          <Stack component="nav" gap={2} aria-label="Pages">
            {links.map((link) => (
              <PageLink key={link.to} {...link} onOpen={close} />
            ))}
          </Stack>
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        {banner}
        <div className="gatez-main">{children}</div>
      </AppShell.Main>
    </AppShell>
  )
}

export interface LayoutProps {
  /** Where the portal is served: its logo lies there. */
  readonly basename: string
  readonly links: readonly LayoutLink[]
  /** Who is in, and the way out. */
  readonly account: ReactNode
  /** What stands above every page, whatever it is; nothing if not given. */
  readonly banner?: ReactNode
  readonly children: ReactNode
}

export interface LayoutLink {
  readonly to: string
  readonly label: string
  readonly icon: IconName
  /** A number beside it, of what waits there. */
  readonly count?: number
}

/** Logo and name, as the file gives them. */
export function BrandMark({ basename }: { readonly basename: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <img src={`${basename}/logo`} alt="" className="gatez-logo" />
      <Text fw={600} truncate>
        {readBrand(document).name}
      </Text>
    </Group>
  )
}

function PageLink({ to, label, icon, count, onOpen }: LayoutLink & { readonly onOpen: () => void }) {
  const { pathname } = useLocation()
  const isHere = to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`)
  return (
    <NavLink
      component={Link}
      to={to}
      label={label}
      active={isHere}
      leftSection={<Icon name={icon} />}
      onClick={onOpen}
      {...(isHere && { 'aria-current': 'page' as const })}
      {...(count !== undefined && count > 0 && { rightSection: <Text size="xs">{count}</Text> })}
    />
  )
}

/** Light or dark, as the viewer's system until told otherwise. */
function SchemeSwitch() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const next = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      onClick={() => setColorScheme(next)}
      aria-label={`Switch to ${next} colours`}
    >
      <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
    </ActionIcon>
  )
}
