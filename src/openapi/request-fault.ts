/** One thing that does not hold in a request. */
export interface RequestFault {
  readonly where: 'path' | 'query' | 'header' | 'body'
  /** The name of a parameter, or a JSON pointer into the body: empty for the body itself. */
  readonly pointer: string
  /** What must hold, after the name of the place: `must be a number`. Never the caller's value. */
  readonly message: string
}

/** Most faults that are told at once, of a head or of a body. */
export const FAULTS_MAX = 20
