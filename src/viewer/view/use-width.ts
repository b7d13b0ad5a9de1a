import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Pixels that the element, or the part of it that `selector` names, is wide, as it changes. */
export function useWidth(element: RefObject<HTMLElement | null>, first: number, selector?: string): number {
  const [width, setWidth] = useState(first);
  useLayoutEffect(() => {
    const { current } = element;
    const measured = selector === undefined ? current : current?.querySelector(selector);
    if (measured == null) return;
    const observer = new ResizeObserver(() => setWidth(measured.clientWidth));
    observer.observe(measured);
    return () => observer.disconnect();
  }, [element, selector]);
  return width;
}
