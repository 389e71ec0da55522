import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 make every object where short-lived ones are made, from now on, in all threads of this process.
 *
 * Left alone, it watches for a moment which of them stay in use, and from then on makes those of the same place in the
 * code where long-lived ones are. The first calls after an idle time are such a moment: there is little room, so all
 * that is under way is found in use. What calls leave behind is no longer cheap to collect then, as long as the process
 * lives: a call cost a third more (docs/decisions/0053).
 */
export function makeAllYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
