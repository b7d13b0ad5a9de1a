import type { Destination } from './destination.ts';
import { grpcChannel, type OtlpGrpcSettings } from './grpc/grpc-channel.ts';
import { loadGrpc } from './grpc/load.ts';
import { type ChannelOptions, openChannel } from './open-channel.ts';
import { collectProblem, type OptionProblem } from './options/problem.ts';

export interface OtlpGrpcOptions extends ChannelOptions, OtlpGrpcSettings {
  /** Where the optional packages are looked for; by default here. */
  readonly from?: string;
}

/** `-e otlp_grpc`: OTLP over gRPC, every request followed to its outcome. A problem when its packages are not installed. */
export async function openOtlpGrpc(options: OtlpGrpcOptions): Promise<Destination | OptionProblem> {
  return await collectProblem(async () => {
    const grpc = loadGrpc(options.from ?? import.meta.url);
    const { name, version } = options.origin.scope;
    return openChannel(grpcChannel(grpc, options, `${name}/${version}`), options);
  });
}
