import type { ServerResponse } from 'node:http';
import { metricsIn, spansIn } from '../../export/decode.ts';
import { type Exchange, type Receiver, reply, startReceiver } from '../../export/receiver.ts';
import type { Random } from '../../html/random.ts';

// A receiver under load: busy, gone without a word, or gone with what came. It knows of each request what the sender
// can know of its answer.

/** A request whose spans or points were kept. */
export interface Kept {
  /** Each span, or each point with its time, as it came: the same text is the same sending. */
  readonly items: readonly string[];
  /** Which of the senders it came from, by the header it was asked to send. */
  readonly life: number;
  /** When the answer was in the hands of the system, in milliseconds of `performance.now()`; `undefined`: never. */
  answeredAt: number | undefined;
  /** When the sender was seen to have read it: it went on to another request on this connection; `undefined`: never. */
  readAt: number | undefined;
}

export interface MoodyReceiver extends Receiver {
  readonly kept: readonly Kept[];
}

/** The header that holds which sender a request is from, from 0. */
export const LIFE = 'x-life';

export async function startMoodyReceiver(random: Random): Promise<MoodyReceiver> {
  const kept: Kept[] = [];
  const lastOn = new WeakMap<object, Kept>();

  function keep(exchange: Exchange): Kept {
    const life = Number(exchange.received.headers[LIFE]);
    const one: Kept = { items: itemsIn(exchange), life, answeredAt: undefined, readAt: undefined };
    kept.push(one);
    return one;
  }

  function follow(response: ServerResponse, one: Kept): void {
    if (response.socket !== null) lastOn.set(response.socket, one);
    response.on('finish', () => {
      one.answeredAt = performance.now();
    });
  }

  const receiver = await startReceiver({
    behave(exchange) {
      const { response } = exchange;
      const before = response.socket === null ? undefined : lastOn.get(response.socket);
      if (before !== undefined) before.readAt ??= performance.now();
      const mood = random.next();
      if (mood < 0.1) return reply(response, 503);
      if (mood < 0.15) return void response.destroy();
      const one = keep(exchange);
      if (mood < 0.2) {
        exchange.store();
        return void response.destroy();
      }
      follow(response, one);
      exchange.accept();
    },
  });
  return { ...receiver, kept };
}

function itemsIn({ received: { traces, metrics } }: Exchange): readonly string[] {
  if (traces !== undefined) return spansIn(traces).map((span) => JSON.stringify(span));
  if (metrics === undefined) return [];
  return metricsIn(metrics).flatMap(({ name, sum, histogram }) =>
    [...(sum?.dataPoints ?? []), ...(histogram?.dataPoints ?? [])].map(
      ({ attributes, timeUnixNano }) => `${name} ${JSON.stringify(attributes)} ${timeUnixNano}`,
    ),
  );
}
