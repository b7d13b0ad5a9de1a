import { type Destination, type DestinationOptions, openDestination } from './destination.ts';
import { grpcTransports, loadGrpc, type OtlpGrpcSettings } from './grpc/transport.ts';
import { collectProblem, type OptionProblem } from './settings/settings.ts';

export interface OtlpGrpcOptions extends DestinationOptions, OtlpGrpcSettings {
  /** Where the search for the optional packages begins; by default here. */
  readonly from?: string;
}

/** `-e otlp_grpc`: OTLP over gRPC. Returns a problem when its packages are not installed. */
export async function openOtlpGrpc(options: OtlpGrpcOptions): Promise<Destination | OptionProblem> {
  return await collectProblem(async () => {
    const grpc = loadGrpc(options.from ?? import.meta.url);
    const { name, version } = options.origin.scope;
    return openDestination(grpcTransports(grpc, options, `${name}/${version}`), options);
  });
}
