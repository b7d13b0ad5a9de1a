/** OpenTelemetry's variables that no flag stands for, as the help tells them. `src/export/settings/` reads them. */
export const OTLP_VARIABLES: readonly (readonly [name: string, does: string])[] = [
  ['HERMES_OTEL_TOKEN', 'sent as the header "token"'],
  ['OTEL_EXPORTER_OTLP_HEADERS', 'headers, as key=value,key=value; --header wins'],
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'http/protobuf or http/json, for -e otlp'],
  ['OTEL_EXPORTER_OTLP_CERTIFICATE', 'file with the certificates to trust'],
  ['OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE', 'file with our own certificate'],
  ['OTEL_EXPORTER_OTLP_CLIENT_KEY', 'file with its key'],
];
