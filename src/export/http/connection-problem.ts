import { errorCode } from '../../model/system-error.ts';
import type { Answer } from '../delivery/answer.ts';

const TLS_ADVICE =
  'check OTEL_EXPORTER_OTLP_CERTIFICATE (whom to trust) and OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE';

/** What the failure of a connection means: most pass, a certificate that is not trusted does not. */
export function connectionProblem(destination: string, error: unknown): Answer {
  const code = errorCode(error) ?? '';
  const trouble = tlsTrouble(code);
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

/** Node names a handshake's failure by OpenSSL's word for it. */
function tlsTrouble(code: string): string | undefined {
  if (TLS_WORDS[code] !== undefined) return TLS_WORDS[code];
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return 'the TLS handshake failed';
  return /^(CERT_|CRL_|ERR_TLS|INVALID_CA|PATH_LENGTH|UNABLE_TO_)/.test(code)
    ? 'its certificate is not trusted'
    : undefined;
}

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
