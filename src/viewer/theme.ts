import { effect } from '@preact/signals';
import type { Store, Theme } from './state.ts';

/** The system's colours until the user chooses others. The style sheet reads the attribute. */
export function followTheme(store: Store): void {
  const show = (): void => {
    document.documentElement.dataset.theme = isDark(store.theme.value) ? 'dark' : 'light';
  };
  effect(show);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
}

export function isDark(theme: Theme): boolean {
  return theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

/** To the other one of what is seen now. */
export function toggleTheme(store: Store): void {
  store.theme.value = isDark(store.theme.value) ? 'light' : 'dark';
}
