/** Whether the gateways of a run use the fast lane; `GATEZ_FAST_LANE=off` leaves all to node:http and undici. */
export const FAST_LANE = process.env.GATEZ_FAST_LANE !== 'off'
