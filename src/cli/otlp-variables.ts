/** OpenTelemetry's variables without a flag, as the help lists them. `src/export/settings/` reads them. */
export const OTLP_VARIABLES: readonly (readonly [name: string, does: string])[] = [
  ['HERMES_OTEL_TOKEN', 'sent as the header "token"'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'headers, as key=value,key=value; --header wins'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf or http/json, for -e otlp'],
  ['OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip or none (default: none)'],
  ['OTEL_EXPORTER_OTLP_TIMEOUT', 'time that one request may take, in ms (default: 10000)'],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', 'file with the certificates to trust'],
  ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', 'file with our own certificate'],
  ['OTEL_EXPORTER_OTLP_CLIENT_KEY', 'file with its key'],
];
