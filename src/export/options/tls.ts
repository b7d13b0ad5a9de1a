import { readFile } from 'node:fs/promises';
import { errorInWords } from '../../model/system-error.ts';
import type { Tls } from '../http/transport.ts';
import { OptionError } from './problem.ts';
import { type Env, type Setting, type SignalName, signalVariable } from './settings.ts';

/** The certificates that the specification's variables name, read from their files. */
export async function readTls(env: Env, signal: SignalName): Promise<Tls> {
  const [certificate, clientCertificate, clientKey] = await Promise.all(
    ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'].map((name) =>
      readPem(signalVariable(env, signal, name)),
    ),
  );
  return { certificate, clientCertificate, clientKey };
}

async function readPem(setting: Setting | undefined): Promise<string | undefined> {
  if (setting === undefined) return undefined;
  const { source, value } = setting;
  const text = await readFile(value, 'utf8').catch((error: unknown) => {
    throw new OptionError(`${source} names ${value}, which cannot be read: ${errorInWords(error)}`);
  });
  if (!text.includes('-----BEGIN ')) throw new OptionError(`${source} names ${value}, which is no PEM file`);
  return text;
}
