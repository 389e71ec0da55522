/**
 * Every problem gatez can report, one row a code.
 *
 * A code is never renamed and never reused. `status` is the HTTP answer, `exit` the exit code of the
 * command line (0 ok · 1 failure · 2 usage · 3 config · 4 auth · 5 not found · 6 conflict ·
 * 7 unavailable, try again · 8 integrity · 70 bug), `fix` the way out, in one sentence.
 */
export const CATALOGUE = {
  'malformed-request': {
    status: 400,
    exit: 2,
    title: 'Malformed request',
    fix: 'Send a request that is well-formed HTTP/1.1.',
  },
  'invalid-target': {
    status: 400,
    exit: 2,
    title: 'Invalid request target',
    fix: 'Send a path that starts with / and has no dot segments, encoded slashes or control characters.',
  },
  'duplicate-credential': {
    status: 400,
    exit: 2,
    title: 'More than one credential',
    fix: 'Send the key once: in x-api-key, or as Authorization: Bearer.',
  },
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
  'missing-credential': {
    status: 401,
    exit: 4,
    title: 'API key required',
    fix: 'Send your key in the header x-api-key.',
  },
  'invalid-credential': {
    status: 401,
    exit: 4,
    title: 'API key not accepted',
    fix: 'Check the key, or ask for a new one: it may be mistyped, expired or revoked.',
  },
  'no-plan': {
    status: 403,
    exit: 4,
    title: 'No active plan',
    fix: 'Subscribe to a plan; until then the key opens nothing.',
  },
  'tenant-suspended': {
    status: 403,
    exit: 4,
    title: 'Account suspended',
    fix: 'Ask the operator of this API to resume the account.',
  },
  'route-not-in-plan': {
    status: 403,
    exit: 4,
    title: 'Endpoint not in plan',
    fix: 'Move to a plan that includes this endpoint; upgrade_to names them.',
  },
  'feature-not-in-plan': {
    status: 403,
    exit: 4,
    title: 'Feature not in plan',
    fix: 'Move to a plan that includes this feature; upgrade_to names them.',
  },
  'key-not-allowed': {
    status: 403,
    exit: 4,
    title: 'Key not allowed here',
    fix: 'Use a key that is open to this endpoint and address, or ask for one.',
  },
  'no-route': {
    status: 404,
    exit: 5,
    title: 'No such endpoint',
    fix: 'Check host and path against the documentation of this API.',
  },
  'not-found': {
    status: 404,
    exit: 5,
    title: 'Not found',
    fix: 'List what exists with the matching list command.',
  },
  'method-not-allowed': {
    status: 405,
    exit: 2,
    title: 'Method not allowed',
    fix: 'Use one of the methods named in the Allow header.',
  },
  'request-timeout': {
    status: 408,
    exit: 7,
    title: 'Request too slow',
    fix: 'Send the whole request faster; it was not processed.',
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
  'target-too-long': {
    status: 414,
    exit: 2,
    title: 'Request target too long',
    fix: 'Keep path and query below 8 KiB.',
  },
  'rate-limited': {
    status: 429,
    exit: 7,
    title: 'Rate limit exceeded',
    fix: 'Wait for the seconds given in Retry-After, or move to a larger plan.',
  },
  'quota-exceeded': {
    status: 429,
    exit: 7,
    title: 'Quota exceeded',
    fix: 'Wait until resets_at, or move to a larger plan.',
  },
  'headers-too-large': {
    status: 431,
    exit: 2,
    title: 'Request head too large',
    fix: 'Send at most 100 header fields and 16 KiB of them.',
  },
  internal: {
    status: 500,
    exit: 70,
    title: 'Internal error',
    fix: 'This is a fault in gatez. Quote the request id when you report it.',
  },
  'unsupported-transfer-coding': {
    status: 501,
    exit: 2,
    title: 'Transfer coding not supported',
    fix: 'Send the body with Content-Length or as plain chunked.',
  },
  'upstream-unreachable': {
    status: 502,
    exit: 7,
    title: 'Upstream unreachable',
    fix: 'Try again; if it lasts, the operator should check that the upstream runs.',
  },
  'upstream-invalid-response': {
    status: 502,
    exit: 7,
    title: 'Upstream answered wrongly',
    fix: 'Try again; if it lasts, the operator should look at the upstream.',
  },
  'limiter-unavailable': {
    status: 503,
    exit: 7,
    title: 'Limiter unavailable',
    fix: 'Try again shortly; the operator can raise gateway.counters_mib.',
  },
  'metering-unavailable': {
    status: 503,
    exit: 7,
    title: 'Metering unavailable',
    fix: 'Try again shortly; the operator should check the disk of the data folder.',
  },
  'store-unavailable': {
    status: 503,
    exit: 7,
    title: 'Store unavailable',
    fix: 'Check that the store exists, is writable and is not in use by something else, then try again.',
  },
  'upstream-timeout': {
    status: 504,
    exit: 7,
    title: 'Upstream too slow',
    fix: 'Try again; if it lasts, the operator should look at the upstream.',
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
    fix: 'Stop what listens there, or choose another address for gateway.listen.',
  },
  'folder-not-writable': {
    status: 503,
    exit: 7,
    title: 'Folder not writable',
    fix: 'Make the folder writable for the user who runs gatez, or choose another.',
  },
} as const satisfies Record<string, CatalogueRow>

export type ErrorCode = keyof typeof CATALOGUE

export interface CatalogueRow {
  readonly status: number
  readonly exit: number
  readonly title: string
  readonly fix: string
}
