import type { Diagnostic } from '../../model/diagnostic.ts';
import type { JsonValue } from '../../model/json.ts';
import type { InputLine } from '../../model/line.ts';
import type { DeliveryAccount, Signal } from '../../model/sink.ts';
import { type Clock, systemClock } from '../delivery/clock.ts';
import { createDelivery, type Delivery, type DeliveryLimits } from '../delivery/delivery.ts';
import type { Transport, Transports } from '../delivery/transport.ts';
import type { RunOptions } from '../destination.ts';
import { type OtlpRequest, requestsIn } from './otlp-request.ts';
import { requestEncoder, toProtobuf } from './request-rules.ts';
import { OtlpJsonError } from './scalars.ts';

// Files of OTLP/JSON lines (a dead-letter file, the Collector's, anybody's) → a receiver, with the account of a replay.
// What a line says is not changed: it is re-encoded where the receiver wants protobuf, and joined or divided by size.

export interface SendOptions extends RunOptions {
  readonly limits: DeliveryLimits;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  readonly clock?: Clock | undefined;
  /** Signals that are left out, and counted. */
  readonly without?: readonly Signal[];
}

export interface Sending {
  /** Returns when there is room for more. One call at a time. */
  write(line: InputLine): Promise<void>;
  /** Spans and metric points that were left out so far. */
  leftOut(): Readonly<Record<Signal, number>>;
  /** Closes both accounts, and the channel. */
  finish(withinMillis?: number): Promise<readonly DeliveryAccount[]>;
}

export function openSending(channel: Transports, options: SendOptions): Sending {
  const { limits, onDiagnostic, without = [] } = options;
  const leftOut: Record<Signal, number> = { spans: 0, 'metric points': 0 };
  const ports: Readonly<Record<Signal, Transport>> = {
    spans: channel.traces,
    'metric points': channel.metrics,
  };
  const deliveries: Readonly<Record<Signal, Delivery<OtlpRequest>>> = {
    spans: open('spans', limits),
    // As in a replay: receivers want the points of a series in the order of their time.
    'metric points': open('metric points', { ...limits, concurrency: 1 }),
  };

  function open(signal: Signal, own: DeliveryLimits): Delivery<OtlpRequest> {
    const { deadLetter, onOutage = () => {}, clock = systemClock } = options;
    const encoder = requestEncoder(signal);
    return createDelivery({
      transport: ports[signal],
      encoder,
      newRequest: () => encoder.newRequest(ports[signal].contentType),
      limits: own,
      clock,
      deadLetter,
      onOutage,
    });
  }

  function problem({ source, line }: InputLine, why: string): void {
    const message = `the line was not sent: ${why}`;
    onDiagnostic({ severity: 'error', code: 'line-not-sent', message, at: { source, line } });
  }

  async function take(request: OtlpRequest, line: InputLine): Promise<void> {
    const { signal, weight } = request;
    const why = refusalOf(request);
    if (why !== undefined) problem(line, why);
    else if (without.includes(signal)) leftOut[signal] += weight;
    else if (weight > 0) await deliveries[signal].write([request]);
  }

  return {
    async write(line) {
      const requests = readLine(line);
      if (typeof requests === 'string') return problem(line, requests);
      for (const request of requests) await take(request, line);
    },
    leftOut: () => leftOut,
    async finish(withinMillis) {
      const accounts = await Promise.all(Object.values(deliveries).map(({ finish }) => finish(withinMillis)));
      await channel.close();
      return accounts;
    },
  };
}

const NO_OTLP =
  'it holds neither resourceSpans nor resourceMetrics (a log of hooks is for `hermes-otel replay`)';

/** @returns why there are none, where that is worth telling. */
function readLine({ text, damage }: InputLine): readonly OtlpRequest[] | string {
  if (damage?.kind === 'too_long') return 'it is too long';
  if (damage?.kind === 'invalid_utf8') return 'it is not UTF-8';
  if (text.trim() === '') return [];
  const parsed = parse(text);
  if (parsed === undefined) return 'it is not JSON';
  const requests = requestsIn(parsed);
  return requests.length === 0 ? NO_OTLP : requests;
}

/**
 * What stops a request from being sent, `undefined` when nothing does. Also asked for receivers of JSON: they refuse a
 * whole body for one bad value in it, and a body may hold the requests of many lines.
 */
function refusalOf(request: OtlpRequest): string | undefined {
  try {
    toProtobuf(request);
    return undefined;
  } catch (error) {
    if (error instanceof OtlpJsonError) return error.message;
    throw error;
  }
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
