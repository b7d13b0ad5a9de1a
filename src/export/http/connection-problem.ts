import type { Answer } from '../delivery/answer.ts';
import { errorCode } from '../io-problem.ts';

const TLS_ADVICE =
  'check OTEL_EXPORTER_OTLP_CERTIFICATE (whom to trust) and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE';

/** What the failure of a connection means: most pass, a certificate that is not trusted does not. */
export function connectionProblem(destination: string, error: unknown): Answer {
  const code = errorCode(error) ?? '';
  const trouble =
    TLS_WORDS[code] ??
    (code.startsWith('ERR_SSL') || code === 'EPROTO' ? 'the TLS handshake failed' : undefined);
  if (trouble !== undefined) {
    return {
      kind: 'final',
      sentence: `${destination} cannot be reached: ${trouble} (${code}); ${TLS_ADVICE}`,
    };
  }
  const why = WORDS[code] ?? (code === '' ? 'the connection failed' : code);
  const sentence = `${destination} cannot be reached: ${why}; is the receiver running, and is --endpoint right?`;
  return { kind: 'transient', sentence, reached: false, retryAfterMillis: undefined };
}

const WORDS: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'its name cannot be looked up at the moment',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to its network',
  ENOTFOUND: 'its name is not known',
  EPIPE: 'the connection was closed',
  ETIMEDOUT: 'the connection timed out',
};

const TLS_WORDS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted',
};
