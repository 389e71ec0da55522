import { BILLING_OPERATIONS } from './operations/billing.ts'
import { EVIDENCE_OPERATIONS } from './operations/evidence.ts'
import { KEY_OPERATIONS } from './operations/keys.ts'
import { MONEY_OPERATIONS } from './operations/money.ts'
import { MY_API_OPERATIONS } from './operations/my-apis.ts'
import { MY_AUDIT_OPERATIONS } from './operations/my-audit.ts'
import { MY_CALL_OPERATIONS } from './operations/my-calls.ts'
import { MY_INVOICE_OPERATIONS } from './operations/my-invoices.ts'
import { MY_PLAN_OPERATIONS } from './operations/my-plan.ts'
import { NODE_OPERATIONS } from './operations/nodes.ts'
import { NOW_OPERATIONS } from './operations/now.ts'
import { OIDC_OPERATIONS } from './operations/oidc.ts'
import { PLAN_OPERATIONS } from './operations/plans.ts'
import { PORTAL_OPERATIONS } from './operations/portal.ts'
import { PORTAL_MEMBER_OPERATIONS } from './operations/portal-members.ts'
import { PRICING_OPERATIONS } from './operations/pricing.ts'
import { SESSION_OPERATIONS } from './operations/sessions.ts'
import { TENANT_OPERATIONS } from './operations/tenants.ts'
import { USAGE_OPERATIONS } from './operations/usage.ts'
import { USAGE_FILE_OPERATIONS } from './operations/usage-files.ts'
import { VERIFY_OPERATIONS } from './operations/verify.ts'
import { VISIT_OPERATIONS } from './operations/visits.ts'

/** Everything the control API offers, by id. */
export const OPERATIONS = {
  ...TENANT_OPERATIONS,
  ...KEY_OPERATIONS,
  ...PLAN_OPERATIONS,
  ...USAGE_OPERATIONS,
  ...EVIDENCE_OPERATIONS,
  ...PRICING_OPERATIONS,
  // Before billing: the names of its paths are no invoices.
  ...USAGE_FILE_OPERATIONS,
  ...BILLING_OPERATIONS,
  ...MONEY_OPERATIONS,
  ...NOW_OPERATIONS,
  ...NODE_OPERATIONS,
  ...VERIFY_OPERATIONS,
  ...SESSION_OPERATIONS,
  ...VISIT_OPERATIONS,
  ...OIDC_OPERATIONS,
  ...PORTAL_OPERATIONS,
  ...PORTAL_MEMBER_OPERATIONS,
  ...MY_CALL_OPERATIONS,
  ...MY_PLAN_OPERATIONS,
  ...MY_INVOICE_OPERATIONS,
  ...MY_API_OPERATIONS,
  ...MY_AUDIT_OPERATIONS,
}

export type Operations = typeof OPERATIONS
