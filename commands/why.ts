import * as Args from '@oclif/core/args'
import { GatezCommand } from '../src/cli/gatez-command.ts'
import { whyText } from '../src/cli/why-text.ts'
import { openEvidence, type WhyAnswer } from '../src/evidence.ts'

export default class Why extends GatezCommand {
  static override summary = 'Explain a call: why it was refused, billed or not.'
  static override description =
    'Takes the request id that every answer carries (x-request-id), or the id of an event. Tells which rule decided and whose it is, ' +
    'how much of each limit was used before the call, when it frees, and which plans would have let it pass. The limits are ' +
    'counted again from the usage log, by the same code that refuses.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 01KKBSWHG0SEB9A0010000Y5WW',
    '<%= config.bin %> <%= command.id %> order-4711-retry-2 --json',
  ]
  static override args = {
    id: Args.string({ description: 'Request id of an answer, or id of an event.', required: true }),
  }

  async run(): Promise<WhyAnswer> {
    const { args, flags } = await this.parse(Why)
    await using evidence = await openEvidence(flags.config)
    const answer = await evidence.why(args.id)
    for (const line of whyText(answer)) this.log(line)
    if (answer.limits.length > 0) {
      this.log('')
      this.table(
        [
          { title: 'LIMIT' },
          { title: 'OF', align: 'right' },
          { title: 'USED BEFORE', align: 'right' },
          { title: 'TAKES', align: 'right' },
          { title: 'ROOM' },
        ],
        answer.limits.map(({ id, limit, used_before, cost, had_room }) => [
          ...[id, String(limit), String(used_before), String(cost), had_room ? 'yes' : 'no'],
        ]),
        '',
      )
    }
    return answer
  }
}
