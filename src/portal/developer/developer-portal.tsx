import { lazy, Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { PageBoundary } from '../shared/page-boundary.tsx'
import { useSession } from '../shared/session.tsx'
import { LoadingPage } from '../shared/states.tsx'
import { ForgotPage } from './forgot-page.tsx'
import { LinkPage } from './link-page.tsx'
import { MemberLayout } from './member-layout.tsx'
import { OverviewPage } from './overview-page.tsx'
import { SignInPage } from './sign-in-page.tsx'
import { SignUpPage } from './sign-up-page.tsx'

// What is not on the way to the first sight comes when it is looked at.
const ApisPage = lazy(async () => ({ default: (await import('./apis-page.tsx')).ApisPage }))
const KeysPage = lazy(async () => ({ default: (await import('./keys-page.tsx')).KeysPage }))
const UsagePage = lazy(async () => ({ default: (await import('./usage-page.tsx')).UsagePage }))
const CallPage = lazy(async () => ({ default: (await import('./call-page.tsx')).CallPage }))
const PlanPage = lazy(async () => ({ default: (await import('./plan-page.tsx')).PlanPage }))
const InvoicesPage = lazy(async () => ({ default: (await import('./invoices-page.tsx')).InvoicesPage }))
const NextInvoicePage = lazy(async () => ({ default: (await import('./invoice-page.tsx')).NextInvoicePage }))
const InvoicePage = lazy(async () => ({ default: (await import('./invoice-page.tsx')).InvoicePage }))
const MembersPage = lazy(async () => ({ default: (await import('./members-page.tsx')).MembersPage }))
const AuditPage = lazy(async () => ({ default: (await import('./audit-page.tsx')).AuditPage }))
const SettingsPage = lazy(async () => ({ default: (await import('./settings-page.tsx')).SettingsPage }))
const ReferencePage = lazy(async () => ({ default: (await import('./reference-page.tsx')).ReferencePage }))

/** The pages of customers: the way in, and behind it those of their organisation. */
export function DeveloperPortal() {
  const { session } = useSession()
  if (session === undefined) {
    return (
      <Routes>
        <Route path="/sign-up" element={<SignUpPage />} />
        <Route path="/forgot" element={<ForgotPage />} />
        <Route path="/link" element={<LinkPage />} />
        <Route path="*" element={<SignInPage />} />
      </Routes>
    )
  }
  return (
    <MemberLayout>
      <PageBoundary>
        <Suspense fallback={<LoadingPage />}>
          <Routes>
            <Route path="/" element={<OverviewPage />} />
            <Route path="/apis" element={<ApisPage />} />
            <Route path="/keys" element={<KeysPage />} />
            <Route path="/usage" element={<UsagePage />} />
            <Route path="/usage/calls/:id" element={<CallPage />} />
            <Route path="/plan" element={<PlanPage />} />
            <Route path="/invoices" element={<InvoicesPage />} />
            <Route path="/invoices/next" element={<NextInvoicePage />} />
            <Route path="/invoices/:invoice" element={<InvoicePage />} />
            <Route path="/members" element={<MembersPage />} />
            <Route path="/audit" element={<AuditPage />} />
            <Route path="/settings" element={<SettingsPage />} />
            <Route path="/reference" element={<ReferencePage />} />
            <Route path="/reference/:api" element={<ReferencePage />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Routes>
        </Suspense>
      </PageBoundary>
    </MemberLayout>
  )
}
