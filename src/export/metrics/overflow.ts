import type { Attributes } from '../../model/otel.ts';

/** The series of all measurements for which there was no series left, by the specification's name. */
export const OVERFLOW: Attributes = { 'otel.metric.overflow': true };
