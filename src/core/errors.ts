/** What every error of liqbands carries besides its message. */
type Options = {
  readonly cause?: unknown
  /** Facts for whoever debugs it; never shown on the one-line message, never holding a credential. */
  readonly details?: Readonly<Record<string, unknown>>
}

/**
 * Root of all errors that liqbands raises on purpose. The message is one line: what happened, what was
 * expected, what to do. `retryable` decides retries and the exit code (75 when true, 1 when false).
 */
export class BaseError extends Error {
  override readonly name: string = 'BaseError'
  readonly retryable: boolean = false
  readonly details: Readonly<Record<string, unknown>>

  constructor(message: string, { cause, details = {} }: Options = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.details = details
  }
}

/** The user can fix it: a flag, the configuration, an input file, the database path. */
export class UsageError extends BaseError {
  override readonly name = 'UsageError'
}

/** An endpoint failed in a way that may pass: unreachable, overloaded, behind, cut off. */
export class EndpointError extends BaseError {
  override readonly name = 'EndpointError'
  override readonly retryable = true
}

/** An endpoint answered, and its answer can never serve this scan: wrong chain, no archive state. */
export class EndpointUnfitError extends BaseError {
  override readonly name = 'EndpointUnfitError'
}

/** A request was too much for the endpoint (gas, time, bytes, block range): cut it and ask again. */
export class TooLargeError extends BaseError {
  override readonly name = 'TooLargeError'
  override readonly retryable = true
}

/** The contract itself refused the call. */
export class RevertedError extends BaseError {
  override readonly name = 'RevertedError'
}

/** What was read contradicts itself or the protocol's published rule. */
export class InvalidDataError extends BaseError {
  override readonly name = 'InvalidDataError'
}
