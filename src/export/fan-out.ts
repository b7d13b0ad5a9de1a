import type { DeliveryAccount } from '../model/sink.ts';

/** Anything that takes items and accounts for them: a destination's spans, or its metrics. */
export interface AccountableSink<Item> {
  write(item: Item): Promise<void>;
  finish(withinMillis?: number): Promise<DeliveryAccount>;
}

export interface FanOut<Item> {
  /** Returns when every sink has room again: the slowest one sets the pace, and none loses anything. */
  write(item: Item): Promise<void>;
  /** Each sink's own account, in the order of the sinks. */
  finish(withinMillis?: number): Promise<readonly DeliveryAccount[]>;
}

/** Several sinks as one. A dead sink fails its own items, by its own limits, and nobody else's. */
export function fanOut<Item>(sinks: readonly AccountableSink<Item>[]): FanOut<Item> {
  return {
    async write(item) {
      await Promise.all(sinks.map((sink) => sink.write(item)));
    },
    finish: (withinMillis) => Promise.all(sinks.map((sink) => sink.finish(withinMillis))),
  };
}
