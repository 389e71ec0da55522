/** A small valid file: tests change one thing of it. Line numbers matter to them. */
export const SMALL_CONFIG = `version: 1
gateway: { listen: 127.0.0.1:8080 }
apis:
  - id: shop
    upstream: http://127.0.0.1:9000
    routes:
      - { id: search, match: GET /v1/search }
      - { id: analyze, match: POST /v1/analyze, cost: 5, requires: [ai] }
features: { ai: AI endpoints }
plans:
  - id: free
    routes: [search]
    keys: { max: 1 }
    limits: [{ requests: 100, per: day }]
  - id: pro
    routes: all
    features: [ai]
    limits: [{ requests: 10000, per: day }]
    quotas: [{ meter: calls, per: month, included: 5000, on_exceed: bill }]
    charges:
      - { id: fee, price: { model: flat, amount: "49.00" } }
`

/** The small file with one part replaced; throws if the part is not in it. */
export function changed(part: string, replacement: string): string {
  if (!SMALL_CONFIG.includes(part)) throw new Error(`the small file has no ${part}`)
  return SMALL_CONFIG.replace(part, () => replacement)
}
