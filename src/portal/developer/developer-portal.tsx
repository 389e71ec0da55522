import { Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { ExpiredSession } from '../shared/expired.tsx'
import { useSession } from '../shared/session.tsx'
import { LoadingPage } from '../shared/states.tsx'
import { ForgotPage } from './forgot-page.tsx'
import { LinkPage } from './link-page.tsx'
import { MemberLayout } from './member-layout.tsx'
import { OverviewPage } from './overview-page.tsx'
import { SignInPage } from './sign-in-page.tsx'
import { SignUpPage } from './sign-up-page.tsx'

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
      <ExpiredSession />
      <Suspense fallback={<LoadingPage />}>
        <Routes>
          <Route path="/" element={<OverviewPage />} />
          <Route path="*" element={<Navigate to="/" replace />} />
        </Routes>
      </Suspense>
    </MemberLayout>
  )
}
