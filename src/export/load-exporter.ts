import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import { plainText } from './outside-text.ts';
import { OptionError } from './settings/settings.ts';

/** An exporter of the OpenTelemetry SDK that was loaded by name. */
export type LoadedExporter = { readonly spans: SpanExporter } | { readonly metrics: PushMetricExporter };

type Exporter = SpanExporter | PushMetricExporter;
type Module = Readonly<Record<string, unknown>>;

/**
 * Loads the exporter of an npm package, or of a module by its path; `package#Name` picks one of several. A package is
 * looked for from `directory`, then from here. Its exporter is the default export, else the only exported class with
 * `export` and `shutdown`. It is constructed without arguments and reads its own environment variables.
 * Throws an `OptionError`.
 */
export async function loadExporter(name: string, directory: string): Promise<LoadedExporter> {
  const [from = '', wanted] = name.split('#', 2);
  const module = await importModule(await locate(from, directory), from);
  const exporter = construct(pick(module, from, wanted), from);
  return isMetricExporter(exporter) ? { metrics: exporter } : { spans: exporter };
}

async function locate(from: string, directory: string): Promise<string> {
  if (from.startsWith('.') || isAbsolute(from)) {
    const path = resolve(directory, from);
    const isFile = (await stat(path).catch(() => undefined))?.isFile();
    if (!isFile) throw new OptionError(`-e ${from}: there is no such file`);
    return path;
  }
  for (const start of [resolve(directory, '_'), import.meta.url]) {
    const path = await locatePackage(from, createRequire(start));
    if (path !== undefined) return path;
  }
  throw new OptionError(
    `-e ${from} is not a built-in exporter and not an installed package: npm install ${from}`,
  );
}

async function locatePackage(name: string, { resolve: find }: NodeJS.Require): Promise<string | undefined> {
  try {
    return find(name);
  } catch {
    // `require` does not find a package that is only for `import`.
    return await importEntry(name, find.paths(name) ?? []);
  }
}

async function importEntry(name: string, folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const text = await readFile(join(folder, name, 'package.json'), 'utf8').catch(() => undefined);
    const exports = text === undefined ? undefined : JSON.parse(text).exports;
    const main = exports?.['.'] ?? exports;
    const entry = main?.import?.default ?? main?.import ?? main?.node ?? main?.default ?? main;
    if (typeof entry === 'string') return join(folder, name, entry);
  }
  return undefined;
}

async function importModule(path: string, from: string): Promise<Module> {
  try {
    const module: Module = await import(pathToFileURL(path).href);
    // The default export of a CommonJS module is an object of its named exports.
    const { default: own } = module;
    if (typeof own !== 'object' || own === null || isExporter(own)) return module;
    return { ...module, ...own, default: 'default' in own ? own.default : undefined };
  } catch (error) {
    throw new OptionError(`-e ${from} cannot be loaded: ${reasonOf(error)}`);
  }
}

function pick(module: Module, from: string, wanted: string | undefined): unknown {
  const isChoice = (value: unknown) => isExporter(typeof value === 'function' ? value.prototype : value);
  const choices = Object.entries(module).filter(([, value]) => isChoice(value));
  const [only] = choices;
  const found = choices.find(([name]) => name === (wanted ?? 'default'));
  if (found !== undefined) return found[1];
  if (only === undefined) throw new OptionError(`-e ${from} exports no class with export and shutdown`);
  if (wanted === undefined && choices.length === 1) return only[1];
  const problem = wanted === undefined ? 'has several exporters' : `has no exporter ${wanted}`;
  const names = choices.map(([name]) => `${from}#${name}`).join(' or ');
  throw new OptionError(`-e ${from} ${problem}: use ${names}`);
}

function construct(choice: unknown, from: string): Exporter {
  try {
    const exporter: unknown = typeof choice === 'function' ? Reflect.construct(choice, []) : choice;
    if (isExporter(exporter)) return exporter;
  } catch (error) {
    throw new OptionError(`-e ${from} cannot be constructed: ${reasonOf(error)}`);
  }
  throw new OptionError(`-e ${from} has no methods export and shutdown`);
}

function isExporter(value: unknown): value is Exporter {
  if (typeof value !== 'object' || value === null) return false;
  return ['export', 'shutdown'].every((method) => typeof Reflect.get(value, method) === 'function');
}

/** Metric exporters choose a temporality. One that leaves the choice out is recognised by its name. */
function isMetricExporter(exporter: Exporter): exporter is PushMetricExporter {
  return 'selectAggregationTemporality' in exporter || /metric/i.test(exporter.constructor.name);
}

function reasonOf(error: unknown): string {
  return plainText(error instanceof Error ? error.message : String(error), 200);
}
