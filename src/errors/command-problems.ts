import type { CatalogueRow } from './catalogue-row.ts'

/** What can be wrong with a command, with what it is asked to do, or with what it needs. */
export const COMMAND_PROBLEMS = {
  'invalid-parameter': {
    status: 400,
    exit: 2,
    title: 'Invalid parameter',
    fix: 'Correct the named parameter; the help of the command shows its form.',
  },
  'not-confirmed': {
    status: 400,
    exit: 2,
    title: 'Not confirmed',
    fix: 'Answer the question at a terminal, or add --yes when you are sure.',
  },
  'not-a-terminal': {
    status: 400,
    exit: 2,
    title: 'Not a terminal',
    fix: 'Run it in a terminal, or add --once for one screen as text, or --json.',
  },
  'invalid-import': {
    status: 400,
    exit: 2,
    title: 'Import refused',
    fix: 'Mend the lines named, then run the import again.',
  },
  'unknown-command': {
    status: 400,
    exit: 2,
    title: 'Unknown command',
    fix: 'gatez --help lists the commands.',
  },
  'not-found': {
    status: 404,
    exit: 5,
    title: 'Not found',
    fix: 'List what exists with the matching list command.',
  },
  'already-exists': {
    status: 409,
    exit: 6,
    title: 'Already exists',
    fix: 'Choose another name: nothing is overwritten, and an id is never used again, even after a delete.',
  },
  'already-revealed': {
    status: 409,
    exit: 6,
    title: 'Secret already revealed',
    fix: 'A secret is shown once. Create or request a new key, then revoke the lost one.',
  },
  'wrong-state': {
    status: 409,
    exit: 6,
    title: 'Not possible in this state',
    fix: 'Look at the current state with the matching show command.',
  },
  'key-limit-reached': {
    status: 409,
    exit: 6,
    title: 'Key limit reached',
    fix: 'Revoke a key, or move the tenant to a plan with a larger keys.max.',
  },
  'tenant-in-use': {
    status: 409,
    exit: 6,
    title: 'Tenant in use',
    fix: 'End what is named first, or add --force to end it all with the tenant.',
  },
  'plan-in-use': {
    status: 409,
    exit: 6,
    title: 'Plan has subscribers',
    fix: 'Move its tenants to another plan first, or put the plan back into the file.',
  },
  'store-unavailable': {
    status: 503,
    exit: 7,
    title: 'Store unavailable',
    fix: 'Check that the store exists, is writable and is not in use by something else, then try again.',
  },
  'backup-damaged': {
    status: 500,
    exit: 8,
    title: 'Backup not whole',
    fix: 'Take another backup of the same stores, or restore an older one.',
  },
  'config-invalid': {
    status: 500,
    exit: 3,
    title: 'Configuration invalid',
    fix: 'Mend the lines named, then run gatez config check.',
  },
  'config-missing': {
    status: 500,
    exit: 3,
    title: 'Configuration not found',
    fix: 'Run gatez init to write one, or name yours with --config.',
  },
  'data-folder-locked': {
    status: 503,
    exit: 7,
    title: 'Data folder in use',
    fix: 'Another gatez serve uses this folder. Stop it, or point stores at another folder.',
  },
  'port-taken': {
    status: 503,
    exit: 7,
    title: 'Port in use',
    fix: 'Stop what listens there, or write another address into the file.',
  },
  'folder-not-writable': {
    status: 503,
    exit: 7,
    title: 'Folder not writable',
    fix: 'Make the folder writable for the user who runs gatez, or choose another.',
  },
} as const satisfies Record<string, CatalogueRow>
