import { generate } from 'selfsigned';

/** PEM texts. */
export interface Certificates {
  readonly authority: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** An authority, and a server and a client that it vouches for; new for each test run. */
export async function makeCertificates(name = '127.0.0.1'): Promise<Certificates> {
  const days = {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 86_400_000),
  } as const;
  const authority = await generate([{ name: 'commonName', value: 'test authority' }], {
    ...days,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const ca = { key: authority.private, cert: authority.cert };
  const altNames = [
    /^[\d.]+$/.test(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
  ];
  const server = await generate([{ name: 'commonName', value: name }], {
    ...days,
    ca,
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  const client = await generate([{ name: 'commonName', value: 'client' }], { ...days, ca });
  return {
    authority: authority.cert,
    server: { cert: server.cert, key: server.private },
    client: { cert: client.cert, key: client.private },
  };
}
