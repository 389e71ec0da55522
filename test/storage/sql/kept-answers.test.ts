import { keptAnswersContract } from '../../contract/kept-answers.ts'
import { openFor } from '../../support/control-store.ts'
import { tempDir } from '../../support/temp-dir.ts'

keptAnswersContract({
  name: 'sqlite',
  open: async (clock) => {
    const folder = tempDir()
    return { store: await openFor(folder, clock), openAgain: () => openFor(folder, clock) }
  },
})
