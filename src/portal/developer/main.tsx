import { startPortal } from '../shared/start.tsx'
import { DeveloperPortal } from './developer-portal.tsx'

await startPortal({ basename: '/portal', kind: 'member', pages: <DeveloperPortal /> })
