import { lazy, Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { ExpiredSession } from '../shared/expired.tsx'
import { PageBoundary } from '../shared/page-boundary.tsx'
import { useSession } from '../shared/session.tsx'
import { LoadingPage } from '../shared/states.tsx'
import { OperatorEntry } from './operator-entry.tsx'
import { OperatorLayout } from './operator-layout.tsx'
import { OverviewPage } from './overview-page.tsx'

// What is not on the way to the first sight comes when it is looked at.
const ApprovalsPage = lazy(async () => ({ default: (await import('./approvals-page.tsx')).ApprovalsPage }))
const TenantsPage = lazy(async () => ({ default: (await import('./tenants-page.tsx')).TenantsPage }))
const TenantPage = lazy(async () => ({ default: (await import('./tenant-page.tsx')).TenantPage }))
const RevenuePage = lazy(async () => ({ default: (await import('./revenue-page.tsx')).RevenuePage }))
const InvoicesPage = lazy(async () => ({ default: (await import('./invoices-page.tsx')).InvoicesPage }))
const InvoicePage = lazy(async () => ({ default: (await import('./invoice-page.tsx')).InvoicePage }))
const DunningPage = lazy(async () => ({ default: (await import('./dunning-page.tsx')).DunningPage }))
const UsagePage = lazy(async () => ({ default: (await import('./usage-page.tsx')).UsagePage }))
const CallPage = lazy(async () => ({ default: (await import('./call-page.tsx')).CallPage }))
const PlansPage = lazy(async () => ({ default: (await import('./plans-page.tsx')).PlansPage }))
const StudioPage = lazy(async () => ({ default: (await import('./studio-page.tsx')).StudioPage }))
const ProofPage = lazy(async () => ({ default: (await import('./proof-page.tsx')).ProofPage }))
const RefusalsPage = lazy(async () => ({ default: (await import('./refusals-page.tsx')).RefusalsPage }))
const HealthPage = lazy(async () => ({ default: (await import('./health-page.tsx')).HealthPage }))
const AuditPage = lazy(async () => ({ default: (await import('./audit-page.tsx')).AuditPage }))

/** The pages of who runs gatez: the way in, and behind it all there is. */
export function OperatorPortal() {
  const { session } = useSession()
  if (session === undefined) return <OperatorEntry />
  return (
    <OperatorLayout>
      <ExpiredSession />
      <PageBoundary>
        <Suspense fallback={<LoadingPage />}>
          <Routes>
            <Route path="/" element={<OverviewPage />} />
            <Route path="/approvals" element={<ApprovalsPage />} />
            <Route path="/tenants" element={<TenantsPage />} />
            <Route path="/tenants/:tenant" element={<TenantPage />} />
            <Route path="/revenue" element={<RevenuePage />} />
            <Route path="/invoices" element={<InvoicesPage />} />
            <Route path="/invoices/:invoice" element={<InvoicePage />} />
            <Route path="/dunning" element={<DunningPage />} />
            <Route path="/usage" element={<UsagePage />} />
            <Route path="/usage/calls/:id" element={<CallPage />} />
            <Route path="/plans" element={<PlansPage />} />
            <Route path="/studio" element={<StudioPage />} />
            <Route path="/proof" element={<ProofPage />} />
            <Route path="/refusals" element={<RefusalsPage />} />
            <Route path="/health" element={<HealthPage />} />
            <Route path="/audit" element={<AuditPage />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Routes>
        </Suspense>
      </PageBoundary>
    </OperatorLayout>
  )
}
