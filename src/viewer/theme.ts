import { effect } from '@preact/signals';
import type { Store, Theme } from './state.ts';

/** The system's colours until the user chooses others; the style sheet reads the attribute. */
export function followTheme(store: Store): void {
  effect(() => {
    const theme = store.theme.value;
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  });
}

export function isDark(theme: Theme): boolean {
  return theme === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
}

/** To the other one of what is seen now. */
export function toggleTheme(store: Store): void {
  store.theme.value = isDark(store.theme.value) ? 'light' : 'dark';
}
