import { startPortal } from '../shared/start.tsx'
import { OperatorPortal } from './operator-portal.tsx'

await startPortal({ basename: '/operator', kind: 'operator', pages: <OperatorPortal /> })
