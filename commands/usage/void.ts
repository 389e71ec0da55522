import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { GatezCommand } from '../../src/cli/gatez-command.ts'
import { openProof } from '../../src/proof.ts'
import type { VoidedEvent } from '../../src/reconcile/void-event.ts'

export default class UsageVoid extends GatezCommand {
  static override summary = 'Take back a billed call, by an adjustment: nothing written is changed.'
  static override description =
    'Writes one more event that counts the same downwards, and who did it and why. Report, export, reconcile and the ' +
    'quota of a gateway that serves follow within a second. A call is taken back once: asked again, the first ' +
    'adjustment is shown. What was not billed cannot be taken back. An adjustment itself cannot be undone.'
  static override examples = [
    '<%= config.bin %> <%= command.id %> 01KKBSWHG0SEB9A0010000Y5WW --reason "outage of 3 March"',
    '<%= config.bin %> <%= command.id %> order-4711-retry-2 --reason "sent twice" --json',
  ]
  static override args = {
    event: Args.string({ description: 'Id of the event, or request id of the answer.', required: true }),
  }
  static override flags = {
    reason: Flags.string({ description: 'Why; kept for ever.', required: true }),
  }

  async run(): Promise<VoidedEvent> {
    const { args, flags } = await this.parse(UsageVoid)
    await using proof = await openProof(flags.config)

    const voided = await proof.voidEvent({ event: args.event, reason: flags.reason })
    const { event_id, tenant_id, at, actor, reason } = voided
    if (voided.already) {
      this.log(`Event ${event_id} of ${tenant_id} was taken back already, at ${at} by ${actor}: ${reason}`)
      this.log('Nothing was done.')
      return voided
    }
    this.log(`Took back event ${event_id} of ${tenant_id}: ${reason}`)
    this.log(`Adjustment ${voided.id}, event ${voided.adjustment_event_id}, counts at ${voided.counts_at}.`)
    return voided
  }
}
