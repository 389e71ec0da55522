import type { Command } from '@oclif/core/command'

/**
 * Every command of gatez, by its words joined with colons.
 *
 * Each is loaded when it is called, so that one command does not pay for all. The list is explicit
 * because a bundle has no folder to search.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  apply: () => import('./apply.ts'),
  backup: () => import('./backup.ts'),
  completion: () => import('./completion.ts'),
  'config:check': () => import('./config/check.ts'),
  'config:schema': () => import('./config/schema.ts'),
  'db:migrate': () => import('./db/migrate.ts'),
  'db:status': () => import('./db/status.ts'),
  demo: () => import('./demo.ts'),
  doctor: () => import('./doctor.ts'),
  init: () => import('./init.ts'),
  'keys:approve': () => import('./keys/approve.ts'),
  'keys:create': () => import('./keys/create.ts'),
  'keys:import': () => import('./keys/import.ts'),
  'keys:list': () => import('./keys/list.ts'),
  'keys:reject': () => import('./keys/reject.ts'),
  'keys:request': () => import('./keys/request.ts'),
  'keys:requests': () => import('./keys/requests.ts'),
  'keys:reveal': () => import('./keys/reveal.ts'),
  'keys:revoke': () => import('./keys/revoke.ts'),
  'keys:rotate': () => import('./keys/rotate.ts'),
  'keys:scan': () => import('./keys/scan.ts'),
  'keys:show': () => import('./keys/show.ts'),
  'keys:verify': () => import('./keys/verify.ts'),
  'members:list': () => import('./members/list.ts'),
  'members:remove': () => import('./members/remove.ts'),
  'members:reset': () => import('./members/reset.ts'),
  'plans:diff': () => import('./plans/diff.ts'),
  'plans:list': () => import('./plans/list.ts'),
  'plans:show': () => import('./plans/show.ts'),
  'pricing:lint': () => import('./pricing/lint.ts'),
  'pricing:quote': () => import('./pricing/quote.ts'),
  'pricing:simulate': () => import('./pricing/simulate.ts'),
  reconcile: () => import('./reconcile.ts'),
  restore: () => import('./restore.ts'),
  'routes:list': () => import('./routes/list.ts'),
  serve: () => import('./serve.ts'),
  'tenants:create': () => import('./tenants/create.ts'),
  'tenants:delete': () => import('./tenants/delete.ts'),
  'tenants:invite': () => import('./tenants/invite.ts'),
  'tenants:list': () => import('./tenants/list.ts'),
  'tenants:override': () => import('./tenants/override.ts'),
  'tenants:plan': () => import('./tenants/plan.ts'),
  'tenants:resume': () => import('./tenants/resume.ts'),
  'tenants:show': () => import('./tenants/show.ts'),
  'tenants:suspend': () => import('./tenants/suspend.ts'),
  'tokens:create': () => import('./tokens/create.ts'),
  'tokens:list': () => import('./tokens/list.ts'),
  'tokens:revoke': () => import('./tokens/revoke.ts'),
  'usage:explain': () => import('./usage/explain.ts'),
  'usage:export': () => import('./usage/export.ts'),
  'usage:import': () => import('./usage/import.ts'),
  'usage:ingest': () => import('./usage/ingest.ts'),
  'usage:leaks': () => import('./usage/leaks.ts'),
  'usage:report': () => import('./usage/report.ts'),
  'usage:tail': () => import('./usage/tail.ts'),
  'usage:unattributed': () => import('./usage/unattributed.ts'),
  'usage:void': () => import('./usage/void.ts'),
  why: () => import('./why.ts'),
}

/** What the help says of each group of commands. */
export const TOPICS: Readonly<Record<string, string>> = {
  config: 'The configuration file: check it, print its schema.',
  db: 'The control store: its schema, and bringing it up to date.',
  keys: 'API keys: create, request, approve, reveal, rotate, verify, revoke.',
  members: 'The persons of a tenant, who sign in to its portal.',
  plans: 'The plans in force.',
  pricing: 'Prices: what a quantity costs, and what other prices would bring.',
  routes: 'The routes calls can go to.',
  tenants: 'Customer organisations and their plans.',
  tokens: 'What programs of yours show instead of a person: create, list, revoke.',
  usage: 'What was used: reports, exports, and the calls behind a figure.',
}

export interface CommandModule {
  readonly default: Command.Class
}
