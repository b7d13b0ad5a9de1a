import type { Channel, Port } from '../channel.ts';
import type { LineOutput } from './line-output.ts';

/** Both signals as lines of one output. */
export function fileChannel(output: LineOutput): Channel {
  const port: Port = {
    destination: output.name,
    contentType: 'application/json',
    transport: (line) => () => output.write(line),
  };
  return { traces: port, metrics: port, close: () => output.close() };
}
