import type { CatalogueRow } from './catalogue-row.ts'

/** What can be wrong with a request to the control API, or with the way to it. */
export const CONTROL_PROBLEMS = {
  'missing-token': {
    status: 401,
    exit: 4,
    title: 'Token required',
    fix: 'Send Authorization: Bearer with a token that gatez tokens create made, or sign in.',
  },
  'invalid-token': {
    status: 401,
    exit: 4,
    title: 'Token not accepted',
    fix: 'Use another token, or sign in again: this one is mistyped, expired or revoked.',
  },
  'sign-in-failed': {
    status: 401,
    exit: 4,
    title: 'Not signed in',
    fix: 'Check address and password, or ask for a link to set another password.',
  },
  'not-permitted': {
    status: 403,
    exit: 4,
    title: 'Not for this role',
    fix: 'Ask an admin of your organisation to do it, or to give you the role.',
  },
  'csrf-token-invalid': {
    status: 403,
    exit: 4,
    title: 'Request not from the page',
    fix: 'Send the csrf_token of the session in the header x-csrf-token.',
  },
  'foreign-origin': {
    status: 403,
    exit: 4,
    title: 'Page of another site',
    fix: 'Call from a page of this address, or from a program with a token.',
  },
  'sign-up-closed': {
    status: 403,
    exit: 4,
    title: 'Sign-up not open',
    fix: 'Ask the operator of this API for an invitation.',
  },
  'invalid-link': {
    status: 410,
    exit: 5,
    title: 'Link no longer holds',
    fix: 'Ask for another link: each opens once, and only for a while.',
  },
  'precondition-failed': {
    status: 412,
    exit: 6,
    title: 'Changed meanwhile',
    fix: 'Read it again, look at what changed, and send the change with the new ETag.',
  },
  'misdirected-request': {
    status: 421,
    exit: 2,
    title: 'Host not served here',
    fix: 'Call it by an address it listens on, or name the host in control.hosts.',
  },
  'idempotency-running': {
    status: 409,
    exit: 6,
    title: 'Same request under way',
    fix: 'Wait a moment, then send it again with the same Idempotency-Key.',
  },
  'idempotency-mismatch': {
    status: 422,
    exit: 6,
    title: 'Idempotency-Key used before',
    fix: 'Send each new request under an Idempotency-Key of its own.',
  },
  'too-many-requests': {
    status: 429,
    exit: 7,
    title: 'Too many requests',
    fix: 'Wait for the seconds given in Retry-After.',
  },
  'too-many-sign-ins': {
    status: 429,
    exit: 7,
    title: 'Too many attempts to sign in',
    fix: 'Wait for the seconds given in Retry-After.',
  },
  'control-unreachable': {
    status: 503,
    exit: 7,
    title: 'Control API unreachable',
    fix: 'Check GATEZ_URL, and that gatez serve runs there.',
  },
  'local-only': {
    status: 400,
    exit: 2,
    title: 'Not over the control API',
    fix: 'Run it where the stores are, without GATEZ_URL.',
  },
  'audit-broken': {
    status: 500,
    exit: 8,
    title: 'Audit log changed',
    fix: 'Someone wrote to the store by hand: compare it with a backup from before.',
  },
} as const satisfies Record<string, CatalogueRow>
