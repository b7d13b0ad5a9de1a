/** What the form of a line tells, beside the event in it: for whoever judges a log, not for replaying it. */
export interface LineFacts {
  readonly envelope: Envelope;
  /** As it stands in the line. */
  readonly hook: string;
  readonly dialect: Dialect;
  /** `telemetry_schema_version`. */
  readonly schemaVersion: string | undefined;
  /** Fields that Hermes does not have for this hook, nor a recorder usually adds. Empty for a hook we do not know. */
  readonly unknownFields: readonly string[];
  /** Of an outbound webhook; a second delivery has the same. */
  readonly deliveryId: string | undefined;
}

export type Envelope = 'flat' | 'shell' | 'webhook';

/** The releases of Hermes that write such a line, as far as its fields tell. */
export type Dialect =
  | '0.20 or newer'
  | '0.16 or newer'
  | 'before 0.16'
  | '0.12 to 0.15'
  | '0.11 or older'
  /** The line is alike in all of them, or its hook is not known to us. */
  | 'unknown';
