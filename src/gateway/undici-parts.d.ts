// All of undici takes five times the memory of the parts that a gateway thread works with.
declare module 'undici/lib/dispatcher/client.js' {
  import { Client as UndiciClient } from 'undici'
  import symbols from 'undici/lib/core/symbols.js'

  class Client extends UndiciClient {
    /** Connects without a request. Calls back when that was done. */
    [symbols.kConnect](callback: () => void): void
  }

  export = Client
}

declare module 'undici/lib/core/symbols.js' {
  const kConnect: unique symbol
  const symbols: { readonly kConnect: typeof kConnect }

  export = symbols
}

declare module 'undici/lib/core/connect.js' {
  import { buildConnector } from 'undici'

  export = buildConnector
}

declare module 'undici/lib/core/errors.js' {
  import { errors } from 'undici'

  export = errors
}
