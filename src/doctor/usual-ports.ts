/** What usually listens on a port that OTLP is sent to by mistake. */
const USUAL: ReadonlyMap<number, string> = new Map([
  [3000, 'Grafana'],
  [3100, 'Loki'],
  [8888, "a Collector's own metrics"],
  [8889, "a Collector's metrics for Prometheus"],
  [9090, 'Prometheus, whose OTLP receiver has the path /api/v1/otlp'],
  [9411, 'Zipkin'],
  [13133, 'a health check'],
  [14268, "Jaeger's protocol of old"],
  [16685, "Jaeger's query API"],
  [16686, "Jaeger's page"],
]);

/** Where everything but OTLP may be too. */
const SHARED: ReadonlySet<number> = new Set([80, 443, 4317, 4318]);

/** What to think of when another program than an OTLP receiver answers on `port`. */
export function checkThePort(port: number, protocol: 'http' | 'grpc'): string {
  if (SHARED.has(port)) return 'Check the address';
  const usual = USUAL.get(port);
  return `Check the port (${usual === undefined ? '' : `${port} is usually ${usual}; `}${usualPort(protocol)})`;
}

export function usualPort(protocol: 'http' | 'grpc'): string {
  return protocol === 'grpc'
    ? 'OTLP over gRPC is usually on port 4317'
    : 'OTLP over HTTP is usually on port 4318';
}
