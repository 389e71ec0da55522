import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { AnswerOf, InputOf } from '../../control/client.ts'
import { useSession } from '../shared/session.tsx'

/** A call, as the usage log has it. */
export type Call = AnswerOf<'why'>['call']

/** The last calls, newest first; read again every `everyMs`, or not at all. */
export function useLastCalls(input: InputOf<'tailUsage'>, everyMs: number | false) {
  const { client } = useSession()
  return useQuery({
    queryKey: ['tailUsage', input],
    queryFn: async ({ signal }): Promise<readonly Call[]> => {
      const answer = await client.stream('tailUsage', input, { signal })
      return callsIn(await answer.text()).toReversed()
    },
    placeholderData: keepPreviousData,
    refetchInterval: everyMs,
  })
}

function callsIn(text: string): readonly Call[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Call => JSON.parse(line))
}
